"""The rows that differ most, kept while all rows pass by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cli.compare.answers import Answers, Floats
from cli.compare.comparison import Row
from cli.compare.rows import Positions

MOST = 20


@dataclass(slots=True)
class MostDifferent:
    """The `MOST` rows with the largest distance, of equals those with another label first, then the first ones."""

    labels: tuple[str, ...]
    _kept: list[tuple[float, bool, int, Row]] = field(default_factory=list)

    def add(self, line: Positions, before: Answers, after: Answers, difference: Floats) -> None:
        """Look at more rows; `difference` is signed for a regression."""
        distance, flipped = np.abs(difference), before.label != after.label
        floor = self._kept[-1][0] if len(self._kept) == MOST else 0.0
        rows = np.flatnonzero((distance >= floor) & ((distance > 0) | flipped))
        rows = rows[np.lexsort((rows, ~flipped[rows], -distance[rows]))][:MOST]
        for i in rows.tolist():
            row = Row(
                int(line[i]),
                self.labels[before.label[i]] if self.labels else None,
                float(before.score[i]),
                self.labels[after.label[i]] if self.labels else None,
                float(after.score[i]),
                float(difference[i]),
            )
            self._kept.append((float(distance[i]), bool(flipped[i]), row.line, row))
        self._kept = sorted(self._kept, key=lambda one: (-one[0], not one[1], one[2]))[:MOST]

    def rows(self) -> tuple[Row, ...]:
        """The rows, the most different first."""
        return tuple(row for *_, row in self._kept)
