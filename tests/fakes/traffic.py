"""Traffic for drift tests: autocorrelated or not, as counts per bin and hour."""

import numpy as np
from numpy.typing import NDArray
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


def hourly_counts(bins: list[Bins], values: Values, rows_an_hour: int) -> Counts:
    """int64 [hours, features, bins] of rows that come evenly."""
    hours, size = len(values) // rows_an_hour, bins[0].size
    hour = np.repeat(np.arange(hours), rows_an_hour)
    counts = [
        np.bincount(hour * size + _index(b, column), minlength=hours * size).reshape(hours, size)
        for b, column in zip(bins, values.T.astype(np.float32), strict=True)
    ]
    return np.stack(counts, axis=1)


def _index(bins: Bins, column: NDArray[np.float32]) -> Counts:
    return bins.index(column, np.zeros(len(column), dtype=np.bool_))
