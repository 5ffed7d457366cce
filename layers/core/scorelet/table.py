"""CSV text to columns of features, and answers to CSV text. The text grammar is docs/csv.md.

A row is a record as `csv_scan` defines it, after the header. Plain cells are read and probabilities written straight
from and to bytes (`csv_plain`, `number_texts`); records with any other cell go through DuckDB. It is
only ever given sound records: its own reject table loses the law of conservation (docs/decisions/csv-reader.md), so
every record is accounted for before it is read. Rows are never touched one by one on the way in or out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from scorelet.csv_cells import Cell, csv_field, sql_text
from scorelet.csv_plain import Cells, PlainColumn, read_plain
from scorelet.csv_records import read_records
from scorelet.csv_scan import LF, MAX_RECORD_BYTES, Fault, Records
from scorelet.errors import UnreadableFile
from scorelet.features import Column
from scorelet.number_texts import number_texts, probability_texts
from scorelet.ragged import Ragged, gather
from scorelet.ragged import weave as weave_by_mask
from scorelet.signature import Signature
from scorelet.texts import SHORT, Bytes, Texts, weave

BOM = b"\xef\xbb\xbf"
MAX_COLUMNS = 10_000
STRETCH_BYTES = 3 << 18  # what is made of a stretch then stays in the processor's cache; memory is little


@dataclass(frozen=True, slots=True)
class Header:
    """The file's first record: its text as it came (without a byte order mark) and the names it holds."""

    raw: bytes
    names: tuple[str, ...]

    def positions(self, signature: Signature) -> dict[str, int]:
        """In which column each feature stands; raises UnreadableFile for a feature that is not there exactly once."""
        for many, words in ((0, "lacks the model's columns"), (2, "names more than once")):
            wrong = [n for n in signature.names if min(self.names.count(n), 2) == many]
            if wrong:
                raise UnreadableFile(f"the header {words}: {', '.join(wrong)}")
        return {name: self.names.index(name) for name in signature.names}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some consecutive rows of a file: `sound` int64 [m] are the records without fault, `columns` their features.

    `roomy` is the records' data with a line end and room on both sides, for texts that are moved as items.
    """

    records: Records
    sound: NDArray[np.int64]
    columns: Mapping[str, Column]
    roomy: Bytes

    def lines(self, rows: NDArray[np.int64]) -> Texts:
        """A line end and then the record, for some of the records."""
        start = self.records.start[rows]
        return Texts(self.roomy, start + (SHORT - 1), self.records.end[rows] - start + 1)


class CsvTable:
    """A CSV file open for reading; the header is read at once. Raises UnreadableFile where there is none."""

    def __init__(self, file: BinaryIO, *, stretch_bytes: int = STRETCH_BYTES) -> None:
        skipped = len(BOM) if file.read(len(BOM)) == BOM else 0
        file.seek(skipped)
        self._stretches = read_records(file, stretch_bytes, byte=skipped)
        self._first = next(self._stretches, None)
        if self._first is None:
            raise UnreadableFile("the file is empty: it has no header")
        self.header = Header(self._first.raw(0), _names(self._first))

    def records(self) -> Iterator[Records]:
        """The rows' records, a stretch at a time. To be called once."""
        width = len(self.header.names)
        if self._first is not None and len(self._first) > 1:
            yield with_width(self._first.without_first(), width)
        for stretch in self._stretches:
            yield with_width(stretch, width)


def _names(first: Records) -> tuple[str, ...]:
    raw = first.raw(0)
    if first.fault[0] == Fault.BAD_ENCODING or b"\0" in raw:
        raise UnreadableFile("the file is not text in UTF-8")
    if first.fault[0] != Fault.NONE:
        raise UnreadableFile(f"the header cannot be read: {Fault(int(first.fault[0])).code}")
    names = tuple(next(csv.reader([raw.decode()], strict=True), []))
    if not any(names):
        raise UnreadableFile("the first line is blank: there is no header")
    if len(names) > MAX_COLUMNS:
        raise UnreadableFile(f"the header has {len(names)} columns, more than {MAX_COLUMNS}")
    return names


def with_width(records: Records, width: int) -> Records:
    """Mark the records whose number of columns is not the header's."""
    sound = records.fault == Fault.NONE
    records.fault[sound & (records.columns < width)] = Fault.TOO_FEW_COLUMNS
    records.fault[sound & (records.columns > width)] = Fault.TOO_MANY_COLUMNS
    return records


class TextEngine:
    """From text to values. `scratch` holds DuckDB's files, which are overwritten with every call."""

    def __init__(self, scratch: Path, *, threads: int = 2, memory_limit: str = "256MB") -> None:
        self._config: dict[str, Any] = {
            "threads": threads,
            "memory_limit": memory_limit,
            "temp_directory": str(scratch),
        }
        self._input = scratch / "sound.csv"
        self._opened: Any = None

    def __enter__(self) -> TextEngine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def _duck(self) -> Any:
        """DuckDB, once it is needed: many files never do."""
        if self._opened is None:
            import duckdb

            self._opened = duckdb.connect(config=self._config)
            # It would read columns as numbers already in the CSV reader, and there TRY_CAST fails as CAST does (2.0.0).
            self._opened.execute("SET disabled_optimizers = 'type_pushdown'")
        return self._opened

    def read(self, signature: Signature, header: Header, records: Records) -> Stretch:
        """The features of the records without fault."""
        sound = np.flatnonzero(records.fault == Fault.NONE)
        positions = header.positions(signature)
        room = np.full(SHORT, LF, dtype=np.uint8)
        roomy = np.concatenate([room, records.data, room])
        columns = {}
        for feature in signature.features:
            start, end = records.field(sound, positions[feature.name])
            columns[feature.name] = read_plain(feature, Cells(roomy, start + SHORT, end + SHORT))
        odd = np.flatnonzero(~np.logical_and.reduce([column.plain for column in columns.values()]))
        if len(odd):
            self._read_odd(signature, header, records, sound[odd], odd, columns)
        return Stretch(records, sound, {name: Column(c.values, c.state) for name, c in columns.items()}, roomy)

    def _read_odd(
        self,
        signature: Signature,
        header: Header,
        records: Records,
        sound: NDArray[np.int64],
        rows: NDArray[np.int64],
        columns: Mapping[str, PlainColumn],
    ) -> None:
        """Let DuckDB read some records, and write what it finds into these rows of the columns."""
        positions = header.positions(signature)
        text, shift = _sound_text(records, sound, len(header.names))
        self._input.write_bytes(text)
        source = _source(self._input, len(header.names) + shift)
        doubtful = b"_" in text or b"+" in text
        cells = {f.name: Cell(f, f"c{positions[f.name] + shift}", doubtful) for f in signature.features}
        values = self._fetch({name: cell.value() for name, cell in cells.items()}, source, len(sound))
        suspect = [name for name, found in values.items() if not np.isfinite(np.ma.filled(found, np.nan)).all()]
        # Most columns of most stretches hold good values only; the reasons for others cost a second look.
        states = self._fetch({name: cells[name].state() for name in suspect}, source, len(sound))
        for name, found in values.items():
            columns[name].values[rows] = np.ma.filled(found, 0.0)
            columns[name].state[rows] = states.get(name, 0)

    def _fetch(self, expressions: Mapping[str, str], source: str, rows: int) -> dict[str, Any]:
        """Columns of the input by name; raises RuntimeError should DuckDB see other rows than we do."""
        if not expressions:
            return {}
        named = [f"{expression} AS f{i}" for i, expression in enumerate(expressions.values())]
        query = f"SELECT {', '.join(named)} FROM {source}"  # noqa: S608 - names and texts are quoted
        found = list(self._duck.execute(query).fetchnumpy().values())
        if any(len(column) != rows for column in found):
            raise RuntimeError(f"DuckDB gave {len(found[0])} rows for {rows} records")
        return dict(zip(expressions, found, strict=True))


@dataclass(frozen=True, slots=True)
class Labels:
    """The predicted class of each row, int64 [n], as an index into the classes' names."""

    index: NDArray[np.int64]
    names: Sequence[str]


def answer_texts(columns: Sequence[NDArray[np.float32]], score: int | None, labels: Labels | None) -> list[Texts]:
    """The texts of every row's answer, each with a comma before it: the label, the score and the columns.

    Every number is the shortest text that reads back as the same float32. Given `labels`, the columns are
    probabilities and the score is column `score`, or where that is None the column of the row's label.
    """
    n = len(columns[0])
    numbers = (number_texts if labels is None else probability_texts)(np.concatenate(columns))
    by_column = [_rows(numbers, slice(i * n, (i + 1) * n)) for i in range(len(columns))]
    if labels is None:
        return by_column
    names = Texts.chosen([b"," + csv_field(name).encode() for name in labels.names], labels.index)
    best = by_column[score] if score is not None else _rows(numbers, labels.index * n + np.arange(n))
    return [names, best, *by_column]


def scored_lines(stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> Bytes:
    """The scored rows of a stretch as text: the record as it came and its answer, each with a line end before it."""
    return weave([stretch.lines(rows), *answers])


def _rows(texts: Texts, index: NDArray[np.int64] | slice) -> Texts:
    if texts.dense and isinstance(index, slice):
        cells = texts.data[SHORT * index.start : SHORT * index.stop]
        return Texts(cells, texts.start[index] - SHORT * index.start, texts.length[index], dense=True)
    return Texts(texts.data, texts.start[index], texts.length[index])


def _sound_text(records: Records, sound: NDArray[np.int64], width: int) -> tuple[bytes, int]:
    """The sound records with LF line ends, and how many columns were put in front of each.

    DuckDB skips blank lines. They are rows only where there is a single column, which therefore gets a neighbour.
    """
    n = len(sound)
    if width > 1 and n == len(records) and np.array_equal(records.end, records.lf):
        return (records.data[records.start[0] : records.lf[-1] + 1].tobytes() if n else b""), 0
    rows = [gather(records.data, records.start[sound], records.end[sound]), Ragged.same(b"\n", n)]
    if width == 1:
        return weave_by_mask([Ragged.same(b",", n), *rows]).tobytes(), 1
    return weave_by_mask(rows).tobytes(), 0


def _source(path: Path, width: int) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    return (
        f"read_csv({sql_text(str(path))}, header = false, auto_detect = false, columns = {{{columns}}}, delim = ',', "
        f"quote = '\"', escape = '\"', new_line = '\\n', max_line_size = {2 * MAX_RECORD_BYTES})"
    )
