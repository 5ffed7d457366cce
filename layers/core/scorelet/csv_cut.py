"""Cut a CSV file into shards that hold whole records, by the measures of its ranges alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Self

from scorelet.csv_measure import Measure


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes [begin, end) of a file, cut without looking."""

    number: int
    begin: int
    end: int

    def to_json(self) -> dict[str, int]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(int(data["number"]), int(data["begin"]), int(data["end"]))


@dataclass(frozen=True, slots=True)
class Shard:
    """Whole records: bytes [begin, end) of a file, the first on line `line`. Shard 1 begins with the header."""

    number: int
    begin: int
    end: int
    line: int

    def to_json(self) -> dict[str, int]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(int(data["number"]), int(data["begin"]), int(data["end"]), int(data["line"]))


def ranges_of(size: int, most_bytes: int) -> list[Range]:
    """As few ranges as hold `size` bytes, of about the same length, none longer than `most_bytes`.

    >>> [(r.begin, r.end) for r in ranges_of(10, 4)]
    [(0, 4), (4, 7), (7, 10)]
    """
    count = max(1, -(-size // most_bytes))
    width, longer = divmod(size, count)
    ends = list(accumulate(width + (number < longer) for number in range(count)))
    return [Range(n, begin, end) for n, (begin, end) in enumerate(zip([0, *ends], ends, strict=False))]


def cut(
    origin: int, ranges: Sequence[Range], measures: Sequence[Measure], ask: Callable[[Range, int], Measure]
) -> Iterator[Shard]:
    """The shards of a file whose header starts at `origin`; every one but the last ends where the next begins.

    `ask` measures a range again from a place where a record starts for certain. It is asked only where the measure
    does not hold for that place.
    """
    size, number, line, path = ranges[-1].end, 0, 1, [origin]
    lines = [0, *accumulate(m.lines for m in measures)]  # line ends before each range
    for range_ in ranges:
        begin = path[0]
        if begin >= range_.end:
            continue
        found = measures[range_.number]
        if not found.holds_for(path):
            found = ask(range_, begin)
        number += 1
        its_line = line
        if range_.end == size:
            path = [size]
        elif found.after:
            path, line = list(found.after), 1 + lines[range_.number + 1] + found.after_lines
        else:
            place, line = _next_line(range_, ranges, measures, lines)
            path = [place]
        yield Shard(number, begin, path[0], its_line)


def _next_line(
    behind: Range, ranges: Sequence[Range], measures: Sequence[Measure], lines: Sequence[int]
) -> tuple[int, int]:
    """The first line start in the ranges behind this one, and its number; the file's end where there is none."""
    for later in ranges[behind.number + 1 :]:
        for start in measures[later.number].starts[:1]:
            return start, 1 + lines[later.number] + (start > later.begin)
    return ranges[-1].end, 0
