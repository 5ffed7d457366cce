"""A CSV file for training, read by the reader that serving uses: the same records, the same verdict on every cell."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np
from scorelet.csv_scan import Fault, Records
from scorelet.errors import UnreadableFile
from scorelet.features import Column
from scorelet.signature import Signature
from scorelet.table import CsvTable
from scorelet.text_engine import TextEngine

from training.errors import TableError

SHOWN_FAULTS = 10


def read_texts(path: Path) -> dict[str, list[str]]:
    """Every column of the file as text; raises TableError that lists the lines which are no rows."""
    try:
        with path.open("rb") as file:
            table = CsvTable(file)
            names, stretches = table.header.names, list(table.records())
    except (OSError, UnreadableFile) as error:
        raise TableError(f"{path.name} cannot be read: {error}") from error
    faults = [fault for records in stretches for fault in _faults(records)]
    if faults:
        shown = "; ".join(f"line {line}: {code}" for line, code in faults[:SHOWN_FAULTS])
        raise TableError(f"{path.name} has {len(faults)} lines that are no rows: {shown}")
    rows = [_cells(records.raw(i)) for records in stretches for i in range(len(records))]
    if not rows or len(set(names)) != len(names):
        raise TableError(f"{path.name} needs a header of distinct names and at least one row")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _faults(records: Records) -> list[tuple[int, str]]:
    bad = np.flatnonzero(records.fault != Fault.NONE)
    return [(int(n), Fault(int(records.fault[i])).code) for n, i in zip(records.lines(bad), bad, strict=True)]


def _cells(raw: bytes) -> list[str]:
    return next(csv.reader([raw.decode()], strict=True), [""])


def read_columns(path: Path, signature: Signature) -> dict[str, Column]:
    """The features of every row, as batch scoring would read them."""
    with path.open("rb") as file, tempfile.TemporaryDirectory() as scratch, TextEngine(Path(scratch)) as engine:
        table = CsvTable(file)
        parts = [engine.read(signature, table.header, records).columns for records in table.records()]
    return {
        name: Column(
            np.concatenate([part[name].values for part in parts]), np.concatenate([part[name].state for part in parts])
        )
        for name in signature.names
    }
