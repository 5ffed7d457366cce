"""Traffic for drift tests: autocorrelated or not, and what hourly evaluations find in it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scorelet.drift import DriftRules, judge, score
from scorelet.sketch import Bins, Counts

Values = NDArray[np.float64]


def autoregressive(random: np.random.Generator, rows: int, features: int, phi: float) -> Values:
    """[rows, features] of independent AR(1) processes: each value is phi times the one before plus noise, N(0, 1)."""
    values = random.standard_normal((rows, features)) * np.sqrt(1 - phi * phi)
    values[0] /= np.sqrt(1 - phi * phi)
    for row in range(1, rows if phi else 0):
        values[row] += phi * values[row - 1]
    return values


def baseline_of(values: Values) -> tuple[list[Bins], Counts]:
    """Ten bins of equal share for each column, as training makes them, and their counts, int64 [features, bins]."""
    columns = values.T.astype(np.float32)
    bins = [Bins.of_equal_share(column) for column in columns]
    return bins, np.stack([b.count(_index(b, c)) for b, c in zip(bins, columns, strict=True)])


def binned(bins: list[Bins], values: Values) -> Counts:
    """The bin of every value, int64 [rows, features]."""
    columns = values.T.astype(np.float32)
    return np.stack([_index(b, column) for b, column in zip(bins, columns, strict=True)], axis=1)


def cells_of(rows: Counts, size: int, cells: int = 24) -> Counts:
    """Counts of consecutive rows of bins that come evenly, cut as a window is: int64 [features, cells, size]."""
    cell = np.arange(len(rows)) * cells // len(rows)
    return np.stack(
        [np.bincount(cell * size + column, minlength=cells * size).reshape(cells, size) for column in rows.T]
    )


def alarms(
    bins: list[Bins], base: Counts, values: Values, rows_an_hour: int, first_hour: int = 1
) -> Iterator[tuple[str, ...]]:
    """For each hourly evaluation, the features that drifted in the day before it, or in what there is of a day."""
    rows, rules = binned(bins, values), DriftRules()
    for hour in range(first_hour, len(values) // rows_an_hour + 1):
        window = rows[max(0, hour - 24) * rows_an_hour : hour * rows_an_hour]
        if len(window) >= rules.min_rows:
            cells = cells_of(window, bins[0].size)
            yield judge([score(str(i), base[i], cells[i]) for i in range(len(base))], rules)


def _index(bins: Bins, column: NDArray[np.float32]) -> Counts:
    return bins.index(column, np.zeros(len(column), dtype=np.bool_))
