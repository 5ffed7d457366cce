"""CSV cells to columns of features. The text grammar is docs/csv.md.

Plain cells are read straight from the bytes (`csv_plain`); records with any other cell go through DuckDB. It is only
ever given sound records: its own reject table loses the law of conservation (docs/decisions/csv-reader.md), so every
record is accounted for before it is read. Rows are never touched one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.csv_cells import Cell, sql_text
from scorelet.csv_plain import Cells, PlainColumn, read_plain
from scorelet.csv_scan import LF, MAX_RECORD_BYTES, Fault, Records
from scorelet.features import Column
from scorelet.ragged import Ragged, gather
from scorelet.ragged import weave as weave_by_mask
from scorelet.signature import Signature
from scorelet.table import BOM, Header
from scorelet.texts import SHORT, Bytes, Texts


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some consecutive rows of a file: `sound` int64 [m] are the records without fault, `columns` their features.

    `roomy` is the records' data with a line end and room on both sides, for texts that are moved as items. `cells` says
    for some columns where in it each record's value stands: nowhere where it is empty, at -1 where that is not known.
    """

    records: Records
    sound: NDArray[np.int64]
    columns: Mapping[str, Column]
    roomy: Bytes
    cells: Mapping[str, Cells] = field(default_factory=dict)

    def lines(self, rows: NDArray[np.int64]) -> Texts:
        """A line end and then the record, for some of the records."""
        start = self.records.start[rows]
        return Texts(self.roomy, start + (SHORT - 1), self.records.end[rows] - start + 1)


def roomy(records: Records) -> Bytes:
    """The records' data with a line end and room before and behind it."""
    room = np.full(SHORT, LF, dtype=np.uint8)
    return np.concatenate([room, records.data, room])


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
        text = roomy(records)
        columns = {}
        for feature in signature.features:
            start, end = records.field(sound, positions[feature.name])
            columns[feature.name] = read_plain(feature, Cells(text, start + SHORT, end + SHORT))
        odd = np.flatnonzero(~np.logical_and.reduce([column.plain for column in columns.values()]))
        if len(odd):
            self._read_odd(signature, header, records, sound[odd], odd, columns)
        return Stretch(records, sound, {name: Column(c.values, c.state) for name, c in columns.items()}, text)

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
        text, shift = _sound_text(records, sound, len(header.names), header.delimiter)
        self._input.write_bytes(text)
        source = _source(self._input, len(header.names) + shift, header.delimiter)
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


def _sound_text(records: Records, sound: NDArray[np.int64], width: int, delimiter: str) -> tuple[bytes, int]:
    """The sound records with LF line ends, and how many columns were put in front of each.

    DuckDB skips blank lines. They are rows only where there is a single column, which therefore gets a neighbour. It
    also skips what looks like a byte order mark at the start, which here is part of a cell.
    """
    n = len(sound)
    lonely = width == 1 or (n and records.raw(int(sound[0])).startswith(BOM))
    if not lonely and n == len(records) and np.array_equal(records.end, records.lf):
        return (records.data[records.start[0] : records.lf[-1] + 1].tobytes() if n else b""), 0
    rows = [gather(records.data, records.start[sound], records.end[sound]), Ragged.same(b"\n", n)]
    if lonely:
        return weave_by_mask([Ragged.same(delimiter.encode(), n), *rows]).tobytes(), 1
    return weave_by_mask(rows).tobytes(), 0


def _source(path: Path, width: int, delimiter: str) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    return (
        f"read_csv({sql_text(str(path))}, header = false, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {sql_text(delimiter)}, "
        f"quote = '\"', escape = '\"', new_line = '\\n', max_line_size = {2 * MAX_RECORD_BYTES})"
    )
