"""CSV text to columns of features, and answers to CSV text. The text grammar is docs/csv.md; DuckDB does the work.

A row is a record as `csv_scan` defines it, after the header. DuckDB is only ever given sound records: its own reject
table loses the law of conservation (docs/decisions/csv-reader.md), so every record is accounted for before it is read.
Rows are never touched one by one on the way in or out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import numpy as np
from numpy.typing import NDArray

from scorelet.csv_cells import Cell, chosen, csv_field, sql_text
from scorelet.csv_records import read_records
from scorelet.csv_scan import LF, MAX_RECORD_BYTES, Fault, Records
from scorelet.errors import UnreadableFile
from scorelet.features import Column
from scorelet.ragged import Ragged, gather, weave
from scorelet.signature import Signature

BOM = b"\xef\xbb\xbf"
MAX_COLUMNS = 10_000
STRETCH_BYTES = 4 << 20  # 16 MiB is no faster, and costs twice the memory


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
    """Some consecutive rows of a file: `sound` int64 [m] are the records without fault, `columns` their features."""

    records: Records
    sound: NDArray[np.int64]
    columns: Mapping[str, Column]


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
    """DuckDB at work on text: `scratch` holds its files, which are overwritten with every call."""

    def __init__(self, scratch: Path, *, threads: int = 2, memory_limit: str = "256MB") -> None:
        self._duck = duckdb.connect(
            config={"threads": threads, "memory_limit": memory_limit, "temp_directory": str(scratch)}
        )
        # It would read columns as numbers already in the CSV reader, and there TRY_CAST fails as CAST does (2.0.0).
        self._duck.execute("SET disabled_optimizers = 'type_pushdown'")
        self._input, self._output = scratch / "sound.csv", scratch / "answers.csv"

    def __enter__(self) -> TextEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()

    def read(self, signature: Signature, header: Header, records: Records) -> Stretch:
        """The features of the records without fault."""
        sound = np.flatnonzero(records.fault == Fault.NONE)
        positions = header.positions(signature)
        text, shift = _sound_text(records, sound, len(header.names))
        self._input.write_bytes(text)
        source = _source(self._input, len(header.names) + shift)
        doubtful = b"_" in text or b"+" in text
        cells = {f.name: Cell(f, f"c{positions[f.name] + shift}", doubtful) for f in signature.features}
        values = self._fetch({name: cell.value() for name, cell in cells.items()}, source, len(sound))
        suspect = [name for name, found in values.items() if not np.isfinite(np.ma.filled(found, np.nan)).all()]
        # Most stretches of most columns hold good values only; the reasons for others cost a second look.
        states = self._fetch({name: cells[name].state() for name in suspect}, source, len(sound))
        fine = np.zeros(len(sound), dtype=np.uint8)
        return Stretch(
            records,
            sound,
            {n: Column(np.ma.filled(found, 0.0), np.asarray(states.get(n, fine))) for n, found in values.items()},
        )

    def write(self, columns: Sequence[NDArray[np.float32]], *, score: int | None, labels: Labels | None) -> Ragged:
        """One CSV text per row, with a comma before every value and an LF at the end.

        The label, the score and the columns, in this order; every number reads back as the same float32, and those
        from 0 to 1 are the shortest text that does. Given `labels`, the score is column `score`, or where that is
        None the column of the row's label.
        """
        data: dict[str, NDArray[Any]] = {f"p{i}": column for i, column in enumerate(columns)}
        if labels is not None:
            data["label"] = labels.index
        self._duck.register("answers", data)
        # The line is put together in SQL: DuckDB's CSV writer would look at every value for something to quote.
        query = _lines(len(columns), score, labels)
        target = sql_text(str(self._output))
        self._duck.execute(f"COPY ({query}) TO {target} (HEADER false, DELIMITER '\x01', QUOTE '\x02', ESCAPE '\x02')")
        self._duck.unregister("answers")
        flat = np.fromfile(self._output, dtype=np.uint8)
        return Ragged(flat, np.diff(np.flatnonzero(flat == LF), prepend=-1))

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


def _lines(width: int, score: int | None, labels: Labels | None) -> str:
    """SQL for one line of text per row of `answers`, a comma first."""
    numbers = [f"t{i}" for i in range(width)]
    texts, parts = [f"p{i}::VARCHAR AS t{i}" for i in range(width)], numbers
    if labels is not None:
        names = [sql_text(csv_field(name)) for name in labels.names]
        best = f"t{score}" if score is not None else chosen("label", numbers)
        texts, parts = [*texts, "label", f"{chosen('label', names)} AS name"], ["name", best, *numbers]
    line = f"concat_ws(',', '', {', '.join(parts)})"
    return f"SELECT {line} FROM (SELECT {', '.join(texts)} FROM answers)"  # noqa: S608 - names and texts are quoted


def _sound_text(records: Records, sound: NDArray[np.int64], width: int) -> tuple[bytes, int]:
    """The sound records with LF line ends, and how many columns were put in front of each.

    DuckDB skips blank lines. They are rows only where there is a single column, which therefore gets a neighbour.
    """
    n = len(sound)
    if width > 1 and n == len(records) and np.array_equal(records.end, records.lf):
        return (records.data[records.start[0] : records.lf[-1] + 1].tobytes() if n else b""), 0
    rows = [gather(records.data, records.start[sound], records.end[sound]), Ragged.same(b"\n", n)]
    if width == 1:
        return weave([Ragged.same(b",", n), *rows]).tobytes(), 1
    return weave(rows).tobytes(), 0


def _source(path: Path, width: int) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    return (
        f"read_csv({sql_text(str(path))}, header = false, auto_detect = false, columns = {{{columns}}}, delim = ',', "
        f"quote = '\"', escape = '\"', new_line = '\\n', max_line_size = {2 * MAX_RECORD_BYTES})"
    )
