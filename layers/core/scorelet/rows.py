"""What is scored: the rows of a file or of a part of it, whatever their format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scorelet.csv_scan import Records
from scorelet.text_engine import Stretch, TextEngine
from scorelet.texts import Texts


class Rows(Protocol):
    """Reads rows, and writes those that are scored. `width` is how many columns a row has."""

    @property
    def kind(self) -> str:
        """What the scored rows are written as: csv or jsonl."""

    @property
    def width(self) -> int:
        """How many fields a record has."""

    @property
    def names(self) -> Sequence[str]:
        """The columns of the scored file; none where rows name their own."""

    @property
    def delimiter(self) -> str:
        """What stands before each of our texts."""

    def records(self) -> Iterator[Records]:
        """The rows' records, a stretch at a time. To be called once."""

    def read(self, engine: TextEngine, records: Records) -> Stretch:
        """The features of the records without fault. Marks those whose text cannot be a row."""

    def head(self) -> bytes:
        """What stands before the scored rows."""

    def label(self, name: str) -> bytes:
        """A label as it is written, a delimiter before it."""

    def lines(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """The scored rows as they are written, each with its line end before it."""

    def row_id(self, raw: bytes) -> str:
        """What names a row, as far as its record can be read; nothing where the settings name no id."""
