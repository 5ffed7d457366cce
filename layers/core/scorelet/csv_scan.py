"""Cut CSV bytes into records, so that one bad record never disturbs its neighbours. numpy over bytes, no row in Python.

A record is what RFC 4180 says: it ends at the first LF or CRLF outside quotes, or at the end of the file. A quote opens
a field only at the field's start, and a closing quote stands before a comma, a line end or another quote. A record that
breaks these rules, is never closed, or is longer than `MAX_RECORD_BYTES` is at fault: it is then the one physical line
on which it starts, and reading goes on, afresh, after that line. So a stray quote costs its own line and no other.
Every blank line is a record of one empty field. The last line end of the file starts no record.

Where quotes are not at fault, "outside quotes" is parity: an even number of quotes since the record began. Both
parities are judged for the whole stretch at once; Python only walks from fault to fault.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

QUOTE, COMMA, LF, CR = (ord(c) for c in '",\n\r')
# Also how far a quoted field may reach before it counts as never closed. DuckDB's own limit is 2,000,000.
MAX_RECORD_BYTES = 1 << 20

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Fault(IntEnum):
    """Why the text of a record cannot be a row."""

    NONE = 0
    BAD_QUOTING = 1
    BAD_LINE_END = 2
    BAD_ENCODING = 3
    TOO_LONG = 4
    TOO_FEW_COLUMNS = 5
    TOO_MANY_COLUMNS = 6
    BAD_JSON = 7
    NAME_TAKEN = 8

    @property
    def code(self) -> str:
        """The stable code of reject files."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Records:
    """n records of a stretch of a file. Record i is `data[start[i]:end[i]]`, its line end at `lf[i]`.

    `fault` uint8 [n] of Fault; `columns` int64 [n] counts fields and means nothing where there is a fault. `borders`
    holds the end of every field, record by record, and `line_ends` counts the lines they take. `byte` and `line` tell
    where the stretch begins in the file (0-based offset, 1-based line).
    """

    data: Bytes
    start: Positions
    end: Positions
    lf: Positions
    fault: NDArray[np.uint8]
    columns: Positions
    borders: Positions
    line_ends: int = 0
    byte: int = 0
    line: int = 1

    def __len__(self) -> int:
        return len(self.start)

    def raw(self, index: int) -> bytes:
        """The record's bytes, as they came; at most the first `MAX_RECORD_BYTES`."""
        start = int(self.start[index])
        return self.data[start : min(int(self.end[index]), start + MAX_RECORD_BYTES)].tobytes()

    def without_first(self) -> Records:
        """The same stretch without its first record."""
        return replace(
            self,
            start=self.start[1:],
            end=self.end[1:],
            lf=self.lf[1:],
            fault=self.fault[1:],
            columns=self.columns[1:],
            borders=self.borders[int(self.columns[0]) :],
        )

    def field(self, rows: Positions, column: int) -> tuple[Positions, Positions]:
        """Where one column of some records without fault starts and ends."""
        width = len(self.borders) // max(1, len(self))
        if len(rows) == len(self) and (self.columns == width).all():
            table = self.borders.reshape(len(self), width)
            start = table[:, column - 1] + 1 if column else self.start
            return start, table[:, column] if column + 1 < width else self.end
        border = (np.cumsum(self.columns) - self.columns)[rows] + column
        start = self.borders[border - 1] + 1 if column else self.start[rows]
        last = self.columns[rows] == column + 1
        return start, np.where(last, self.end[rows], self.borders[border])

    def lines(self, indices: Positions) -> Positions:
        """The file's line on which each of these records starts."""
        line_ends = np.flatnonzero(self.data == LF)
        return self.line + np.searchsorted(line_ends, self.start[indices])


def scan(body: bytes, *, final: bool, delimiter: int = COMMA) -> Records:
    """The complete records of bytes that begin with a record; `final` bytes end with LF and leave no remainder."""
    data = np.frombuffer(body, dtype=np.uint8)
    is_quote = data == QUOTE
    inside: Flags | None = None
    if is_quote.any():
        parity = prefix_parity(is_quote)
        ends, broken = _borders(data, is_quote, parity, final, delimiter)
        inside = _inside(is_quote, ends, broken) if len(broken) else parity
    else:
        ends, broken = np.flatnonzero(data == LF), np.zeros(0, dtype=np.int64)
    start = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1])[: len(ends)]
    ends_in_cr = (ends > start) & (data[ends - 1] == CR)
    end = ends - ends_in_cr
    fault = np.zeros(len(ends), dtype=np.uint8)
    fault[_with_stray_cr(data, inside, start, end)] = Fault.BAD_LINE_END
    fault[_with_bad_encoding(body, start, end)] = Fault.BAD_ENCODING
    fault[broken] = Fault.BAD_QUOTING
    fault[end - start > MAX_RECORD_BYTES] = Fault.TOO_LONG
    borders, columns = fields(data, inside, ends, delimiter)
    lines = len(ends) if inside is None else body.count(b"\n", 0, int(ends[-1]) + 1 if len(ends) else 0)
    return Records(data, start, end, ends, fault, columns, borders, lines)


def scan_lines(body: bytes) -> Records:
    """Every line as a record of one field, whatever is in it; the bytes end with LF or hold a remainder."""
    data = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(data == LF)
    start = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1])[: len(ends)]
    end = ends - ((ends > start) & (data[ends - 1] == CR))
    fault = np.zeros(len(ends), dtype=np.uint8)
    fault[_with_bad_encoding(body, start, end)] = Fault.BAD_ENCODING
    fault[end - start > MAX_RECORD_BYTES] = Fault.TOO_LONG
    return Records(data, start, end, ends, fault, np.ones(len(ends), dtype=np.int64), ends, len(ends))


def prefix_parity(flags: Flags) -> Flags:
    """Whether an odd number of flags is set up to and including each one: 64 at a time.

    >>> prefix_parity(np.array([0, 1, 0, 0, 1, 1], dtype=bool)).astype(int).tolist()
    [0, 1, 1, 1, 0, 1]
    """
    packed = np.packbits(flags, bitorder="little")
    words = np.zeros(len(flags) // 64 + 1, dtype="<u8")
    words.view(np.uint8)[: len(packed)] = packed
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    odd = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.negative(odd[:-1])
    return np.unpackbits(words.view(np.uint8), count=len(flags), bitorder="little").view(np.bool_)


def _borders(data: Bytes, is_quote: Flags, parities: Flags, final: bool, delimiter: int) -> tuple[Positions, Positions]:
    """Where the records' line ends are, and which records break the rules of quoting."""
    quotes = np.flatnonzero(is_quote)
    line_ends = np.flatnonzero(data == LF)
    # A record that starts after k quotes sees outside quotes what has k, k + 2, ... quotes before it: parity k & 1.
    parity = parities[line_ends]
    outside = (line_ends[~parity], line_ends[parity])
    wrong: dict[int, Positions] = {}
    found: list[Positions] = []
    broken: list[int] = []
    position = count = 0
    while position < len(data):
        passed = int(np.searchsorted(quotes, position))
        if passed & 1 not in wrong:
            wrong[passed & 1] = _wrong_quotes(data, quotes, passed & 1, delimiter)
        rows, at_fault = _until_fault(data, outside[passed & 1], wrong[passed & 1], quotes, passed, position)
        found.append(rows)
        count += len(rows)
        position = int(rows[-1]) + 1 if len(rows) else position
        unclosed = final or len(data) - position > MAX_RECORD_BYTES + 2
        next_line = int(np.searchsorted(line_ends, position))
        if not (at_fault or unclosed) or next_line == len(line_ends):
            break
        found.append(line_ends[next_line : next_line + 1])
        broken.append(count)
        count += 1
        position = int(line_ends[next_line]) + 1
    return np.concatenate([*found, np.zeros(0, dtype=np.int64)]), np.array(broken, dtype=np.int64)


def _until_fault(
    data: Bytes, ends: Positions, wrong: Positions, quotes: Positions, passed: int, position: int
) -> tuple[Positions, bool]:
    """The line ends of the sound records from `position` on, and whether a record at fault stopped them."""
    first_wrong = int(np.searchsorted(wrong, passed))
    at_fault = first_wrong < len(wrong)
    limit = int(quotes[wrong[first_wrong]]) if at_fault else len(data)
    rows = ends[np.searchsorted(ends, position) : np.searchsorted(ends, limit)]
    lengths = np.diff(rows, prepend=position - 1) - 1 - (data[rows - 1] == CR)
    too_long = np.flatnonzero(lengths > MAX_RECORD_BYTES)
    return (rows[: too_long[0]], True) if len(too_long) else (rows, at_fault)


def _wrong_quotes(data: Bytes, quotes: Positions, first: int, delimiter: int) -> Positions:
    """Which quotes (by number) may not stand where they do, if every second one from number `first` on opens."""
    beyond = np.array([LF, LF], dtype=np.uint8)  # what is not seen yet is given the benefit of the doubt
    around = np.concatenate([beyond[:1], data, beyond])
    opening, closing = quotes[first::2], quotes[1 - first :: 2]
    before, after = around[opening], around[closing + 2]
    stray = (before != delimiter) & (before != LF) & (before != QUOTE)
    unended = (after != delimiter) & (after != LF) & (after != QUOTE)
    carried = np.flatnonzero(unended)
    carried = carried[(after[carried] != CR) | (around[closing[carried] + 3] != LF)]
    return np.sort(np.concatenate([np.flatnonzero(stray) * 2 + first, carried * 2 + (1 - first)]))


def _inside(is_quote: Flags, ends: Positions, broken: Positions) -> Flags:
    """Which bytes are inside quotes, from an opening quote to before the closing one, where records are at fault."""
    before = np.concatenate([[-1], ends])
    upto = np.concatenate([[0], np.cumsum(is_quote)])
    odd = (upto[ends[broken] + 1] - upto[before[broken] + 1]) % 2 == 1
    toggles = is_quote.copy()
    toggles[ends[broken[odd]]] ^= True
    return prefix_parity(toggles)


def _with_stray_cr(data: Bytes, inside: Flags | None, start: Positions, end: Positions) -> Positions:
    """The records in which a CR stands outside quotes and is not part of the line end."""
    is_cr = data == CR
    if inside is not None:
        is_cr &= ~inside
    found = np.flatnonzero(is_cr)
    record = np.searchsorted(start, found, side="right") - 1
    known = (record >= 0) & (record < len(end))
    found, record = found[known], record[known]
    return np.unique(record[found < end[record]])


def _with_bad_encoding(body: bytes, start: Positions, end: Positions) -> list[int]:
    """The records that are not UTF-8."""
    bad: list[int] = []
    if body.isascii() or not len(start):
        return bad
    view, position, stop = memoryview(body), 0, int(end[-1])
    while position < stop:
        try:
            codecs.utf_8_decode(view[position:stop], "strict", True)
            break
        except UnicodeDecodeError as error:
            bad.append(int(np.searchsorted(start, position + error.start, side="right")) - 1)
            position = int(start[bad[-1] + 1]) if bad[-1] + 1 < len(start) else stop
    return bad


def fields(data: Bytes, inside: Flags | None, ends: Positions, delimiter: int) -> tuple[Positions, Positions]:
    """Where every field ends, record by record, and how many fields each record has."""
    if not len(ends):
        return ends, ends
    is_border = (data == delimiter) | (data == LF)
    if inside is not None:
        is_border &= ~inside
    borders = np.flatnonzero(is_border[: ends[-1] + 1])
    width, over = divmod(len(borders), len(ends))
    if not over and np.array_equal(borders[width - 1 :: width], ends):
        return borders, np.full(len(ends), width, dtype=np.int64)  # the usual file: all records are alike
    counts: Positions = np.diff(np.searchsorted(borders, ends, side="right"), prepend=0)
    return borders, counts
