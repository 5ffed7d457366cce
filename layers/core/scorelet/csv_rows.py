"""A CSV table as score_table needs it: what the scored file's header and rows are, given the file's settings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scorelet.batch_answers import answer_names
from scorelet.csv_cells import csv_field, split_record
from scorelet.csv_scan import Records
from scorelet.errors import UnreadableFile
from scorelet.file_settings import FileSettings
from scorelet.formulas import guard_lines, guarded
from scorelet.signature import Signature
from scorelet.table import Header
from scorelet.text_engine import Stretch, TextEngine
from scorelet.texts import SHORT, Texts


class CsvRows:
    """Rows under a header, a whole file's or a shard's; raises UnreadableFile for a column that is not there once."""

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
        names = self.header.names if self._kept is None else [self.header.names[i] for i in self._kept]
        ours = answer_names(self._signature, names)
        if self._kept is None and not (self._guard and any(guarded(n) != n for n in names)):
            return self.header.raw + self.delimiter.encode() + self._line(ours)
        return self._line([*(guarded(n) if self._guard else n for n in names), *ours])

    def _line(self, cells: Sequence[str]) -> bytes:
        line = io.StringIO()
        csv.writer(line, delimiter=self.delimiter, lineterminator="\n").writerow(cells)
        return line.getvalue().encode()

    def read(self, engine: TextEngine, records: Records) -> Stretch:
        """The features of the records without fault."""
        return engine.read(self._signature, self.header, records)

    def lines(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """A line end, what is kept of the record, and our answers."""
        if self._kept is not None:
            return self._chosen(stretch, rows, answers)
        texts = stretch.lines(rows)
        if self._guard:
            texts = guard_lines(stretch.records, rows, texts, self.delimiter)
        return [texts, *answers]

    def _chosen(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """The same with some of the columns: each with the delimiter before it, and the first delimiter left out."""
        out = []
        for column in self._kept or ():
            start, end = stretch.records.field(rows, column)
            cells = Texts(stretch.roomy, start + SHORT, end - start)
            if self._guard:
                cells = _guarded_cells(cells, self.delimiter)
            out += [_same(self.delimiter.encode(), len(rows)), cells]
        out += answers
        if self._kept:
            return [_same(b"\n", len(rows)), *out[1:]]
        first = out[0]
        return [_same(b"\n", len(rows)), Texts(first.data, first.start + 1, first.length - 1), *out[1:]]

    def label(self, name: str) -> bytes:
        """A label as it is written, a delimiter before it."""
        return (self.delimiter + csv_field(name, self.delimiter)).encode()

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
    asked = {*settings.keep, *settings.drop, *([settings.id] if settings.id else [])}
    wrong = sorted(name for name in asked if names.count(name) != 1)
    if wrong:
        raise UnreadableFile(f"the settings name columns that the file does not have once: {', '.join(wrong)}")
    if settings.keep:
        return [i for i, name in enumerate(names) if name in settings.keep or name == settings.id]
    if settings.drop:
        return [i for i, name in enumerate(names) if name not in settings.drop or name == settings.id]
    return None


def _same(text: bytes, n: int) -> Texts:
    return Texts.chosen([text], np.zeros(n, dtype=np.int64))


def _guarded_cells(cells: Texts, delimiter: str) -> Texts:
    """Cells one by one, those that are risky guarded. Only for files of which columns are chosen."""
    written = []
    for raw in cells.split():
        text = (split_record(raw, delimiter) or [""])[0] if raw.startswith(b'"') else raw.decode()
        safe = guarded(text)
        written.append(csv_field(safe, delimiter).encode() if safe != text else raw)
    return Texts.of(written)
