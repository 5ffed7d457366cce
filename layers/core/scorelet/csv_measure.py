"""Measure one range of a CSV file, so that exact cuts between records can be made without reading the file in order.

Where a record starts depends on everything before it: a line may lie inside quotes that were opened long ago, and a
record at fault ends with its line (csv_scan). But wherever reading begins, it soon finds the same records as any other
reading: in quotes that are not what they seem something is at fault, and costs one line. So a range is read from its
first line on and past its end, and the measure holds the first records found on either side. Where those found past a
range's end are among those of the next range, the two readings are one. Where they are not, `csv_cut` has the range
read again from the place that is true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from scorelet import csv_scan
from scorelet.csv_records import read_records
from scorelet.csv_scan import Positions
from scorelet.grammar import COMMAS, Grammar

STRETCH_BYTES = 4 << 20
MOST_STARTS = 64


def reach() -> int:
    """How far past a range a measure must see: twice the longest record with its CRLF and one byte more."""
    return 2 * (csv_scan.MAX_RECORD_BYTES + 3)


@dataclass(frozen=True, slots=True)
class Measure:
    """What the range [begin, end) tells.

    `lines` counts its line ends. `starts` are the first records' starts in it, from its first line start on; none where
    no line starts in it. `after` are the first records' starts at or after `end`; none where the next one is the next
    line start, farther than was looked. `after_lines` counts the line ends from `end` to the first of them. In a range
    that is `plain` every line is a record, wherever reading begins.
    """

    lines: int
    starts: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    after_lines: int = 0
    plain: bool = False

    def holds_for(self, starts: Sequence[int]) -> bool:
        """Whether `after` is right for a reading that finds these records' starts, the first of them in the range."""
        return self.plain or not set(self.starts).isdisjoint(starts)

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(data["lines"], tuple(data["starts"]), tuple(data["after"]), data["after_lines"], data["plain"])


def measure(
    body: bytes, base: int, begin: int, end: int, entry: int | None = None, grammar: Grammar = COMMAS
) -> Measure:
    """Measure the range [begin, end). `body` is the file from `base`, one byte before `begin`, to `end` + `reach()`.

    `entry` is where a record starts for certain; without it, reading begins with the first line start.
    """
    lines = body.count(b"\n", begin - base, end - base)
    start = _next_line(body, base, begin) if entry is None else entry
    if start is None or start >= end:
        return Measure(lines)
    plain = not grammar.quotes or body.find(b'"', start - base) < 0
    starts, after = _plain(body, base, start, end) if plain else _read(body, base, start, end, grammar)
    after_lines = body.count(b"\n", end - base, after[0] - base) if after else 0
    return Measure(lines, tuple(starts), tuple(after), after_lines, plain)


def _next_line(body: bytes, base: int, place: int) -> int | None:
    """The first line start at or after a place."""
    found = body.find(b"\n", place - 1 - base)
    return None if found < 0 else base + found + 1


def _plain(body: bytes, base: int, start: int, end: int) -> tuple[list[int], list[int]]:
    """Without quotes, every line is a record."""
    after: list[int] = []
    line = _next_line(body, base, end)
    while line is not None and len(after) < MOST_STARTS:
        after.append(line)
        line = _next_line(body, base, line + 1)
    return [start], after


def _read(body: bytes, base: int, start: int, end: int, grammar: Grammar) -> tuple[list[int], list[int]]:
    """The first records' starts from `start` on, and the first at or after `end`."""
    first: list[int] = []
    after: list[int] = []
    for starts in _starts(body, base, start, grammar):
        inside = int(np.searchsorted(starts, end))
        first += starts[: min(inside, MOST_STARTS - len(first))].tolist()
        after += starts[inside : inside + MOST_STARTS].tolist()
        if len(after) >= MOST_STARTS:
            break
    stop = base + len(body)
    if not after and (body.endswith(b"\n") or stop < end + reach()):
        after = [stop]
    # what follows a record's start is certain only where a whole record's length behind it was seen
    certain = end + reach() // 2
    return first, [place for i, place in enumerate(after[:MOST_STARTS]) if i == 0 or after[i - 1] < certain]


def _starts(body: bytes, base: int, place: int, grammar: Grammar) -> Iterator[Positions]:
    for records in read_records(_Reader(body, place - base), STRETCH_BYTES, byte=place, grammar=grammar):
        yield records.start + records.byte


@dataclass(slots=True)
class _Reader:
    """Bytes from a place on, as a file; nothing is copied before it is read."""

    body: bytes
    place: int

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        fresh = self.body[self.place : self.place + size]
        self.place += len(fresh)
        return fresh
