"""From aligned rows to what they say in sum: counts, flips, differences and the rows that differ most."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scorelet.table_form import PARQUET

from cli.compare.align import Aligned, align
from cli.compare.answers import Answers
from cli.compare.comparison import Comparison, Differences, Flips, Rows, Shift
from cli.compare.crossing import Crossings
from cli.compare.most import MostDifferent
from cli.compare.rows import Positions
from cli.compare.run import Run, common_form
from cli.compare.spread import ERROR, Spread
from cli.compare.together import Together
from training.metrics import wilson_share

PERCENTS = (1, 5, 25, 50, 75, 90, 95, 99)
BARS = 40


def compare(source: Path, before: Run, after: Run) -> Comparison:
    """Compare two runs over the same source; raises Incomparable."""
    labels = tuple(dict.fromkeys((*before.signature.labels, *after.signature.labels)))
    tally = Tally(labels, Crossings.of(before.signature, after.signature, labels))
    tally.add_all(align(source, before, after, labels))
    names = labels or (after.signature.target,)
    return Comparison(
        model=after.manifest["model"]["name"],
        task=after.signature.task,
        before=before.version,
        after=after.version,
        source=after.manifest["source"]["key"].rpartition("/")[2],
        named_by="row" if common_form(source, before, after).kind == PARQUET else "line",
        rows=tally.rows(),
        labels=labels,
        label_counts=tally.label_counts(),
        flips=tally.flips() if labels else None,
        differences=tally.differences(),
        correlation=tally.together.correlation,
        crossing=tally.crossings.found() if tally.crossings else None,
        shifts=tally.shifts(names),
        most_different=tally.most.rows(),
    )


class Tally:
    """Adds up; memory does not grow with the rows."""

    def __init__(self, labels: tuple[str, ...], crossings: Crossings | None = None) -> None:
        width = max(1, len(labels))
        self.crossings, self.together = crossings, Together()
        self.labels, self.most = labels, MostDifferent(labels)
        self._counts = np.zeros(4, dtype=np.int64)  # by scored before + 2 * scored after
        self._by_label = np.zeros((2, width), dtype=np.int64)
        self._matrix = np.zeros((width, width), dtype=np.int64)
        self._spread, self._absolute = Spread(), Spread()
        self._sum, self._largest, self._line = np.zeros(width), np.zeros(width), np.zeros(width, dtype=np.int64)

    def add_all(self, stretches: Iterable[Aligned]) -> None:
        """Add every row."""
        for rows in stretches:
            scored = rows.before.scored + 2 * rows.after.scored.astype(np.int64)
            self._counts += np.bincount(scored, minlength=4)
            for number, side in enumerate((rows.before, rows.after)):
                if side.answers is not None:
                    self._by_label[number] += np.bincount(side.answers.label, minlength=len(self._matrix))
            if (both := rows.both()) is not None:
                self._add_both(*both)

    def _add_both(self, line: Positions, before: Answers, after: Answers) -> None:
        width = len(self._matrix)
        pairs = np.bincount(before.label * width + after.label, minlength=width**2)
        self._matrix += pairs.reshape(width, width)
        moved = after.values - before.values
        difference = np.abs(moved).max(axis=1) if self.labels else moved[:, 0]
        self._spread.add(difference)
        self._absolute.add(np.abs(difference))
        self.most.add(line, before, after, difference)
        if self.crossings:
            self.crossings.add(before, after)
        column = self.crossings.column if self.crossings else before.label
        rows = np.arange(len(before))
        self.together.add(before.values[rows, column], after.values[rows, column])
        self._sum += moved.sum(axis=0)
        furthest = np.abs(moved).argmax(axis=0)
        for column, row in enumerate(furthest.tolist()):
            if not self._line[column] or abs(moved[row, column]) > abs(self._largest[column]):
                self._largest[column], self._line[column] = moved[row, column], line[row]

    def rows(self) -> Rows:
        """Which rows were scored by whom."""
        neither, before, after, both = self._counts.tolist()
        return Rows(both, before, after, neither)

    def label_counts(self) -> tuple[tuple[str, int, int], ...]:
        """How often each label was answered; none for a regression."""
        counts = self._by_label.T.tolist()
        return tuple((label, before, after) for label, (before, after) in zip(self.labels, counts, strict=False))

    def flips(self) -> Flips:
        """The rows with another label."""
        n, count = int(self._matrix.sum()), int(self._matrix.sum() - np.trace(self._matrix))
        matrix = tuple(tuple(row) for row in self._matrix.tolist())
        if not n:
            return Flips(0, None, None, None, matrix)
        return Flips(count, count / n, *wilson_share(count / n, n), matrix)

    def differences(self) -> Differences:
        """How far the answers are apart."""
        spread, n = self._spread, self._spread.count
        return Differences(
            mean=spread.total / n if n else None,
            mean_absolute=self._absolute.total / n if n else None,
            lowest=spread.lowest if n else None,
            highest=spread.highest if n else None,
            quantiles={str(p): spread.quantile(p / 100) for p in PERCENTS},
            absolute_quantiles={str(p): self._absolute.quantile(p / 100) for p in PERCENTS},
            histogram=tuple(spread.histogram(BARS)),
            quantile_error=ERROR,
        )

    def shifts(self, names: tuple[str, ...]) -> tuple[Shift, ...]:
        """How each output moved; none where no row was scored by both."""
        n = self._spread.count
        found = zip(names, self._sum.tolist(), self._largest.tolist(), self._line.tolist(), strict=True)
        return tuple(Shift(name, total / n, largest, line) for name, total, largest, line in found) if n else ()
