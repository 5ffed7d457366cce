"""Which rows a run rejected: bytes and lines in the order of the file, from its reject files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from scorelet.csv_scan import MAX_RECORD_BYTES

from cli.compare.rows import Positions
from cli.compare.run import Incomparable

_CHUNK = 4096
_NOTHING = np.zeros((0, 2), dtype=np.int64)


def read_rejects(paths: Iterable[Path]) -> Iterator[Positions]:
    """Byte and line of every rejected row, int64 [n, 2], some at a time; where there is no byte, the line twice."""
    csv.field_size_limit(16 * MAX_RECORD_BYTES)  # a byte that is no UTF-8 stands there as four characters
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            while chunk := [(int(row["byte"] or row["line"]), int(row["line"])) for row in islice(rows, _CHUNK)]:
                yield np.array(chunk, dtype=np.int64)


@dataclass(slots=True)
class Rejects:
    """The rejected rows as they come; every one must be a row of the source."""

    places: Iterator[Positions]
    _waiting: Positions = field(default_factory=lambda: _NOTHING)

    def among(self, byte: Positions, line: Positions) -> np.ndarray:
        """Which of the next rows were rejected, bool [n]; raises Incomparable for a reject that is none of them."""
        if not len(byte):
            return np.zeros(0, dtype=np.bool_)
        here = self._up_to(int(byte[-1]))
        index = np.minimum(np.searchsorted(byte, here[:, 0]), len(byte) - 1)
        if not (np.array_equal(byte[index], here[:, 0]) and np.array_equal(line[index], here[:, 1])):
            raise Incomparable("a rejected row is none of the file that was compared: has the file changed since?")
        found = np.zeros(len(byte), dtype=np.bool_)
        found[index] = True
        return found

    def finish(self) -> None:
        """Raises Incomparable where rejects are left over."""
        if len(self._waiting) or next(self.places, None) is not None:
            raise Incomparable("there are rejected rows behind the end of the file that was compared")

    def _up_to(self, last: int) -> Positions:
        while not len(self._waiting) or self._waiting[-1, 0] <= last:
            fresh = next(self.places, None)
            if fresh is None:
                break
            self._waiting = np.concatenate([self._waiting, fresh])
        count = int(np.searchsorted(self._waiting[:, 0], last, side="right"))
        here, self._waiting = self._waiting[:count], self._waiting[count:]
        return here
