"""Where every row of a source begins, as the runs found it: the byte and the line that reject files name.

Rows of Parquet have neither; their number, from 1, stands for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scorelet.csv_records import Readable
from scorelet.open_rows import open_rows
from scorelet.table import STRETCH_BYTES
from scorelet.table_form import PARQUET, Form

from cli.compare.columns import count_rows
from cli.compare.run import Run

Positions = NDArray[np.int64]
_CHUNK = 1 << 14


def source_rows(
    source: Path, form: Form, run: Run, stretch_bytes: int = STRETCH_BYTES
) -> Iterator[tuple[Positions, Positions]]:
    """Bytes and lines of all rows in order, stretch by stretch; of what is packed, those of the text in it."""
    if form.kind == PARQUET:
        rows = count_rows(source)
        for first in range(1, rows + 1, _CHUNK):
            numbers = np.arange(first, min(first + _CHUNK, rows + 1))
            yield numbers, numbers
        return
    with source.open("rb") as file:
        yield from _places(file, form, run, stretch_bytes)


def _places(file: Readable, form: Form, run: Run, stretch_bytes: int) -> Iterator[tuple[Positions, Positions]]:
    rows = open_rows(file, form, run.signature, run.settings, stretch_bytes=stretch_bytes)
    for records in rows.records():
        yield records.byte + records.start, records.lines(np.arange(len(records)))
