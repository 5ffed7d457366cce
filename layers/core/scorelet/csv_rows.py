"""A CSV table as score_table needs it: what the scored file's header and rows are, given the file's settings."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scorelet.batch_answers import answer_names
from scorelet.csv_cells import csv_field, split_record
from scorelet.csv_scan import Records
from scorelet.file_settings import BadSettings, FileSettings
from scorelet.formulas import guard, guard_record, guarded
from scorelet.signature import Signature
from scorelet.table import Header
from scorelet.text_engine import Stretch, TextEngine
from scorelet.texts import SHORT, Texts


class CsvRows:
    """Rows under a header, a whole file's or a shard's; raises UnreadableFile for a column that is not there once."""

    kind = "csv"

    def __init__(
        self, header: Header, records: Iterator[Records], signature: Signature, settings: FileSettings
    ) -> None:
        header.positions(signature)
        self.header, self._records, self._signature = header, records, signature
        self._id = settings.id
        self._kept = _kept(header.names, settings)
        self._guard = settings.guards_csv

    @property
    def width(self) -> int:
        """How many fields a record has."""
        return len(self.header.names)

    @property
    def delimiter(self) -> str:
        """What stands before each of our texts."""
        return self.header.delimiter

    @property
    def names(self) -> list[str]:
        """The columns of the scored file."""
        names = list(self.header.names) if self._kept is None else [self.header.names[i] for i in self._kept]
        return [*names, *answer_names(self._signature, names)]

    def records(self) -> Iterator[Records]:
        """The rows' records, a stretch at a time. To be called once."""
        return self._records

    def head(self) -> bytes:
        """The header as it came, or the names of the columns that are kept, with our names behind it."""
        kept, raw = self.names, self.header.raw
        if self._kept is not None:
            return self._line([guarded(name) if self._guard else name for name in kept])
        ours = kept[len(self.header.names) :]
        return (guard_record(raw, self.delimiter) if self._guard else raw) + self.delimiter.encode() + self._line(ours)

    def _line(self, cells: Sequence[str]) -> bytes:
        return (self.delimiter.join(csv_field(cell, self.delimiter) for cell in cells) + "\n").encode()

    def read(self, engine: TextEngine, records: Records) -> Stretch:
        """The features of the records without fault."""
        return engine.read(self._signature, self.header, records)

    def lines(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """A line end, what is kept of the record, and our answers."""
        stretch = guard(stretch) if self._guard else stretch
        return [stretch.lines(rows), *answers] if self._kept is None else self._chosen(stretch, rows, answers)

    def _chosen(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """The same with some of the columns: each with the delimiter before it, and the first delimiter left out."""
        out = []
        for column in self._kept or ():
            start, end = stretch.records.field(rows, column)
            out += [_same(self.delimiter.encode(), len(rows)), Texts(stretch.roomy, start + SHORT, end - start)]
        out += answers
        if self._kept:
            return [_same(b"\n", len(rows)), *out[1:]]
        first = out[0]
        return [_same(b"\n", len(rows)), Texts(first.data, first.start + 1, first.length - 1), *out[1:]]

    def label(self, name: str) -> bytes:
        """A label as it is written, a delimiter before it."""
        text = guarded(name) if self._guard else name
        return (self.delimiter + csv_field(text, self.delimiter)).encode()

    def row_id(self, raw: bytes) -> str:
        """The row's id where the settings name a column for it, as far as the record can be read."""
        if not self._id:
            return ""
        try:
            place = self.header.names.index(self._id)
            return str(split_record(raw, self.delimiter)[place])
        except (ValueError, IndexError, csv.Error):
            return ""


def _kept(names: Sequence[str], settings: FileSettings) -> list[int] | None:
    """Which columns pass through; None for all. The id always does."""
    chosen = {"keep": settings.keep, "drop": settings.drop, "id": [settings.id] if settings.id else []}
    for setting, asked in chosen.items():
        wrong = [name for name in asked if names.count(name) != 1]
        if wrong:
            raise BadSettings(f"{setting} names what is no column of the file, or more than one: {', '.join(wrong)}")
    if settings.keep:
        return [i for i, name in enumerate(names) if name in settings.keep or name == settings.id]
    if settings.drop:
        return [i for i, name in enumerate(names) if name not in settings.drop or name == settings.id]
    return None


def _same(text: bytes, n: int) -> Texts:
    return Texts.chosen([text], np.zeros(n, dtype=np.int64))
