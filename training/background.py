"""The background of explanations: a few real training rows that stand for all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data import Dataset

MOST_ROWS = 32


def background(learn: Dataset) -> tuple[dict[str, object], ...]:
    """Up to `MOST_ROWS` training records, none twice, each nearest to the middle of its share of the rows.

    The rows are cut in two again and again, always the largest share along the feature in which it is widest, at the
    median; categories and bools count as their codes. So the shares are of about equal size, and follow the data.
    """
    scaled = _scaled(learn.matrix.astype(np.float64))
    shares = [np.arange(len(scaled))]
    while len(shares) < min(MOST_ROWS, len(scaled)):
        shares.sort(key=len)
        shares += _halves(scaled, shares.pop())
    chosen = sorted(_medoid(scaled, rows) for rows in shares)
    return tuple(dict(learn.records[row]) for row in chosen)


def _scaled(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = matrix.std(axis=0)
    scaled: NDArray[np.float64] = (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def _halves(scaled: NDArray[np.float64], rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    widest = int(scaled[rows].std(axis=0).argmax())
    order = rows[scaled[rows, widest].argsort(kind="stable")]
    return [order[: len(order) // 2], order[len(order) // 2 :]]


def _medoid(scaled: NDArray[np.float64], rows: NDArray[np.int64]) -> int:
    distances = np.square(scaled[rows] - scaled[rows].mean(axis=0)).sum(axis=1)
    return int(rows[distances.argmin()])
