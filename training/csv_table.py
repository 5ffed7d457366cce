"""A CSV file for training, read by the reader that serving uses: the same records, the same verdict on every cell.

The delimiter is found as for a dropped file: by the names in the header.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from scorelet.csv_cells import split_record
from scorelet.csv_scan import Fault, Records
from scorelet.errors import UnreadableFile
from scorelet.features import Column
from scorelet.file_settings import FileSettings
from scorelet.signature import Signature
from scorelet.table import CsvTable
from scorelet.table_form import CSV, HEAD_BYTES, Form, find_form
from scorelet.text_engine import TextEngine

from training.errors import TableError

SHOWN_FAULTS = 10


def read_texts(path: Path, wanted: Sequence[str]) -> dict[str, list[str]]:
    """Every column of the file as text; raises TableError that lists the lines which are no rows.

    `wanted` are names that the header should have.
    """
    try:
        with _open(path, wanted) as table:
            names, stretches = table.header.names, list(table.records())
    except (OSError, UnreadableFile) as error:
        raise TableError(f"{path.name} cannot be read: {error}") from error
    faults = [fault for records in stretches for fault in _faults(records)]
    if faults:
        shown = "; ".join(f"line {line}: {code}" for line, code in faults[:SHOWN_FAULTS])
        raise TableError(f"{path.name} has {len(faults)} lines that are no rows: {shown}")
    delimiter = table.header.delimiter
    rows = [split_record(records.raw(i), delimiter) or [""] for records in stretches for i in range(len(records))]
    if not rows or len(set(names)) != len(names):
        raise TableError(f"{path.name} needs a header of distinct names and at least one row")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _faults(records: Records) -> list[tuple[int, str]]:
    bad = np.flatnonzero(records.fault != Fault.NONE)
    return [(int(n), Fault(int(records.fault[i])).code) for n, i in zip(records.lines(bad), bad, strict=True)]


@contextmanager
def _open(path: Path, wanted: Sequence[str]) -> Iterator[CsvTable]:
    with path.open("rb") as file:
        form = find_form(file.read(HEAD_BYTES), FileSettings(), wanted)
        if form != Form(CSV, delimiter=form.delimiter):
            raise UnreadableFile("training reads CSV that is not packed")
        file.seek(0)
        yield CsvTable(file, delimiter=form.delimiter)


def read_columns(path: Path, signature: Signature) -> dict[str, Column]:
    """The features of every row, as batch scoring would read them."""
    wanted = (*signature.names, signature.target)
    with (
        _open(path, wanted) as table,
        tempfile.TemporaryDirectory() as scratch,
        TextEngine(Path(scratch)) as engine,
    ):
        parts = [engine.read(signature, table.header, records).columns for records in table.records()]
    return {
        name: Column(
            np.concatenate([part[name].values for part in parts]), np.concatenate([part[name].state for part in parts])
        )
        for name in signature.names
    }
