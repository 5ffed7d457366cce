"""Lines of JSON that are written alike, read a column at a time: no line is parsed, and no row is touched alone.

Machines write line after line with the same keys in the same order and the same blanks between. Such a shape is taken
from one line, and every line that differs from it in the values only is cut at its gaps. A line is known, and sure to
be JSON with each key once, where every gap holds one value and nothing else. Values that are not plain (1e5, 17 digits,
escapes, lists) are read by the parser, a column of them at once. Lines that are not known are read one by one.

Every second quote that is not escaped ends a text, so what is text and what is not is told for all lines at once, as in
CSV. Between commas outside of texts and of inner brackets there is one key with its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scorelet.csv_plain import Bools, Cells, PlainColumn
from scorelet.csv_scan import COMMA, QUOTE, Fault, Flags, Positions, Records, fields, prefix_parity
from scorelet.document import parse_json
from scorelet.errors import BadRequest
from scorelet.features import CellState, Column, column_from_values
from scorelet.json_plain import read_json, texts
from scorelet.signature import Feature, Signature
from scorelet.texts import SHORT, Bytes

FEW = 1024  # lines that are read one by one as quickly
_FEW_CELLS = 64  # of which a bad one takes the others along: their lines are parsed then
MOST_SHAPES = 8  # of a stretch; where lines come in many, looking for them costs more than it saves
BACKSLASH, _SPACE, _OPENS, _CLOSES = (ord(c) for c in "\\ {}")
_KEY = re.compile(rb' *"([^"\\]*)" *: *')
_FIRST_KEY = re.compile(rb" *\{" + _KEY.pattern)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a line is written: its keys, what stands before each value, and what behind the last."""

    names: tuple[str, ...]
    before: tuple[bytes, ...]
    behind: bytes


@dataclass(frozen=True, slots=True)
class AlikeLines:
    """What is known of n lines. `shape` int64 [n] is which of `shapes` a line has, -1 where the line is not known.

    `columns` are the features; a value counts only where the line is known. `cells` says, for every name asked for,
    where its value stands in the text: nowhere where the shape lacks the key, at -1 where the line is not known.
    """

    shapes: list[Shape]
    shape: Positions
    columns: Mapping[str, Column]
    cells: Mapping[str, Cells]

    def put(self, rows: Sequence[int], columns: Mapping[str, Column]) -> None:
        """Add the features of lines that were read otherwise."""
        for name, column in columns.items():
            self.columns[name].values[rows], self.columns[name].state[rows] = column.values, column.state


def read_alike(signature: Signature, records: Records, text: Bytes, names: Sequence[str] = ()) -> AlikeLines:
    """The lines without fault that are written alike. `text` is the records' data with room around it."""
    n = len(records)
    columns = {f.name: Column(np.zeros(n), np.full(n, CellState.MISSING, np.uint8)) for f in signature.features}
    cells = {name: Cells(text, np.full(n, -1, np.int64), np.full(n, -1, np.int64)) for name in names}
    found = AlikeLines([], np.full(n, -1, dtype=np.int64), columns, cells)
    left = np.flatnonzero(records.fault == Fault.NONE)
    if len(left) < FEW:
        return found
    lines = _Lines.of(records, text)
    left = left[lines.plain[left]]
    for _ in range(MOST_SHAPES):
        if len(left) < FEW:
            break
        alike = _read_like_the_first(signature, lines, left, found)
        left = np.setdiff1d(left[1:], alike, assume_unique=True)
    return found


@dataclass(frozen=True, slots=True)
class _Lines:
    """n lines, cut at their commas; every place is one in the text.

    `borders` are the commas between keys, and the line ends; a line has `width` of them from number `first` on.
    `quotes` counts quotes that are not escaped, by backslashes at `escapes`. `plain` bool [n] tells which lines have no
    control character, an even number of quotes, and as many brackets that close as open.
    """

    text: Bytes
    start: Positions
    end: Positions
    borders: Positions
    first: Positions
    width: Positions
    quotes: Positions
    escapes: Positions
    plain: Bools

    @classmethod
    def of(cls, records: Records, text: Bytes) -> _Lines:
        """Cut the records, at least one."""
        ends = records.lf
        data = records.data[: ends[-1] + 1]
        is_quote, escapes = data == QUOTE, _escapes(data)
        is_quote[escapes + 1] = False
        quotes = np.add.reduceat(is_quote, records.start, dtype=np.int64)
        plain = quotes & 1 == 0
        is_quote[ends[~plain]] = True  # the next line begins outside of texts again
        borders, width, balanced = _cut(data, prefix_parity(is_quote), records)
        plain &= balanced
        control = data < _SPACE
        control[ends] = control[records.end] = False
        plain[np.searchsorted(ends, np.flatnonzero(control))] = False
        start, end, first = records.start + SHORT, records.end + SHORT, np.cumsum(width) - width
        return cls(text, start, end, borders + SHORT, first, width, quotes, escapes + SHORT, plain)

    def have_escapes(self, cells: Cells) -> Bools:
        """Which cells have a backslash in them."""
        return np.asarray(np.searchsorted(self.escapes, cells.start) < np.searchsorted(self.escapes, cells.end))

    def shape(self, line: int) -> Shape | None:
        """How the line is written; None where that is no object with distinct keys."""
        borders = self.borders[self.first[line] : self.first[line] + self.width[line] - 1]
        raw = self.text[self.start[line] : self.end[line]].tobytes()
        behind = raw[len(raw.rstrip(b" ").removesuffix(b"}").rstrip(b" ")) :]
        keys = [_FIRST_KEY.match(raw), *(_KEY.match(raw, at) for at in (borders - self.start[line] + 1).tolist())]
        names = [key[1].decode() for key in keys if key]
        before = [key[0] for key in keys if key]
        sound = b"}" in behind and len(set(names)) == len(keys)
        return Shape(tuple(names), tuple(before), behind) if sound else None

    def having(self, shape: Shape, rows: Positions) -> tuple[Positions, dict[str, Cells]]:
        """Which of some lines, as wide as the shape, are written so; and what stands in their gaps, by key."""
        start, gaps, alike = self.start[rows], [], np.ones(len(rows), dtype=np.bool_)
        for number, before in enumerate(shape.before):
            border = self.borders[self.first[rows] + number]
            alike &= Cells(self.text, start, border).begin_with(before)
            gaps.append(Cells(self.text, start + len(before), border))
            start = border + 1
        end = self.end[rows] - len(shape.behind)
        gaps[-1] = Cells(self.text, gaps[-1].start, end)
        alike &= (gaps[-1].start < end) & Cells(self.text, end, end).begin_with(shape.behind)
        chosen: Positions = rows[alike]
        return chosen, {key: gap.part(alike) for key, gap in zip(shape.names, gaps, strict=True)}


def _escapes(data: Bytes) -> Positions:
    """The backslashes that escape what follows: of those in a row the first, the third and so on."""
    found: Positions = np.flatnonzero(data == BACKSLASH)
    number = np.arange(len(found))
    begins = np.maximum.accumulate(number * (np.diff(found, prepend=-2) > 1))
    escapes: Positions = found[(number - begins) & 1 == 0]
    return escapes


def _cut(data: Bytes, inside: Flags, records: Records) -> tuple[Positions, Positions, Bools]:
    """The commas between keys and the line ends, how many a line has, and which lines close the brackets they open.

    All lines are said to where no comma is left out, for that makes it a matter of counting values.
    """
    borders, width = fields(data, inside, records.lf, COMMA)
    curly = data | 0x20  # square brackets, too
    opens, closes = (curly == _OPENS) & ~inside, (curly == _CLOSES) & ~inside
    count = np.count_nonzero(opens) + np.count_nonzero(closes)
    if count == 2 * len(width):  # no brackets but the lines' own, as a rule
        return borders, width, np.ones(len(width), dtype=np.bool_)
    brackets = np.flatnonzero(opens | closes)
    depths = np.concatenate([[0], np.cumsum(np.where(opens[brackets], 1, -1))])
    depth, ends = depths[np.searchsorted(brackets, borders)], np.cumsum(width) - 1
    before = np.concatenate([[0], depth[ends[:-1]]])
    outer = depth - np.repeat(before, width) == 1
    outer[ends] = True
    return borders[outer], np.add.reduceat(outer, ends - width + 1, dtype=np.int64), depth[ends] == before


def _read_like_the_first(signature: Signature, lines: _Lines, left: Positions, found: AlikeLines) -> Positions:
    """Read the lines that are written like the first of those that are left, and tell which these were."""
    rows: Positions = left[lines.width[left] == lines.width[left[0]]]
    shape = lines.shape(int(left[0])) if len(rows) >= FEW else None
    if shape is None:
        return rows[:0]
    rows, gaps = lines.having(shape, rows)
    if len(rows) >= FEW:
        _read(signature, shape, lines, rows, gaps, found)
    return rows


def _read(
    signature: Signature, shape: Shape, lines: _Lines, rows: Positions, gaps: Mapping[str, Cells], found: AlikeLines
) -> None:
    """Read the values of lines that have a shape, and note which of the lines are known by that."""
    features = {f.name: f for f in signature.features}
    columns = {name: read_json(features.get(name), gap) for name, gap in gaps.items()}
    quoted = {name: texts(gap) for name, gap in gaps.items()}
    # A key has two quotes, and so has a text. In a line with more, what looks like one text is perhaps none.
    doubtful = lines.quotes[rows] != 2 * (len(gaps) + sum(quoted.values()))
    known = np.ones(len(rows), dtype=np.bool_)
    for name, gap in gaps.items():
        odd = ~columns[name].plain | (quoted[name] & (doubtful | lines.have_escapes(gap)))
        chosen = np.flatnonzero(odd & known)
        known[chosen] = _parse(features.get(name), gap, columns[name], chosen)
    chosen = np.flatnonzero(known)
    found.shape[rows[chosen]] = len(found.shapes)
    found.shapes.append(shape)
    for name in features.keys() & gaps.keys():
        found.columns[name].values[rows[chosen]] = columns[name].values[chosen]
        found.columns[name].state[rows[chosen]] = columns[name].state[chosen]
    for name, cells in found.cells.items():
        cells.start[rows[chosen]] = gaps[name].start[chosen] if name in gaps else 0
        cells.end[rows[chosen]] = gaps[name].end[chosen] if name in gaps else 0


def _parse(feature: Feature | None, cells: Cells, column: PlainColumn, chosen: Positions) -> Bools:
    """Let the parser read some of the cells; false for those that may not be one value each.

    They are where all of them in a row are a list of that many values: each closes the brackets it opens, or has no
    comma outside of texts, so that every comma of the list stands between two cells.
    """
    if not len(chosen):
        return np.ones(0, dtype=np.bool_)
    values = _values(cells.part(chosen))
    if len(values) == len(chosen):
        if feature:
            judged = column_from_values(feature, values)
            column.values[chosen], column.state[chosen] = judged.values, judged.state
        return np.ones(len(chosen), dtype=np.bool_)
    if len(chosen) <= _FEW_CELLS:
        return np.zeros(len(chosen), dtype=np.bool_)
    half = len(chosen) // 2
    return np.concatenate([_parse(feature, cells, column, part) for part in (chosen[:half], chosen[half:])])


def _values(cells: Cells) -> list[Any]:
    """What the cells in a row are as a list; nothing where they are none."""
    try:
        values: list[Any] = parse_json(b"[" + cells.joined() + b"]")
    except BadRequest:
        return []
    return values
