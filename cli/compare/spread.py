"""Quantiles of any number of values in fixed memory, each within a thousandth of a value that is there.

Values fall into bins whose ends grow by a constant factor (DDSketch: Masson, Rim, Lee, PVLDB 12(12), 2019).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

ERROR = 0.001  # of a quantile, relative to its value; 3 MB
_STEP = float(np.log((1 + ERROR) / (1 - ERROR)))
_LOWEST, _HIGHEST = 1e-45, 7e38  # what the difference of two float32 can be, but for 0
_FIRST = int(np.floor(np.log(_LOWEST) / _STEP))
_SIZE = int(np.ceil(np.log(_HIGHEST) / _STEP)) - _FIRST + 1


@dataclass(slots=True)
class Spread:
    """Counts of negative values by size, zeros, and positive values by size; the sum, and the ends."""

    count: int = 0
    total: float = 0.0
    lowest: float = np.inf
    highest: float = -np.inf
    _bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2 * _SIZE + 1, dtype=np.int64))

    def add(self, values: NDArray[np.float64]) -> None:
        """Count more values, all finite."""
        if not len(values):
            return
        size = np.abs(values)
        exponent = np.ceil(np.log(np.maximum(size, _LOWEST)) / _STEP).astype(np.int64) - _FIRST
        place = _SIZE + np.sign(values).astype(np.int64) * np.clip(exponent + 1, 1, _SIZE)
        self._bins += np.bincount(place, minlength=len(self._bins))
        self.count += len(values)
        self.total += float(values.sum())
        self.lowest, self.highest = min(self.lowest, float(values.min())), max(self.highest, float(values.max()))

    def quantile(self, share: float) -> float | None:
        """The value that this share of the values do not pass, within `ERROR` of it; None of no values."""
        if not self.count:
            return None
        rank = int(share * (self.count - 1))
        return float(self._values(np.array([np.searchsorted(np.cumsum(self._bins), rank, side="right")]))[0])

    def histogram(self, bars: int) -> list[int]:
        """How many values lie in each of so many equal parts from the lowest to the highest."""
        filled = np.flatnonzero(self._bins)
        if not len(filled):
            return [0] * bars
        reach = (self.highest - self.lowest) or 1.0
        part = np.minimum(((self._values(filled) - self.lowest) / reach * bars).astype(np.int64), bars - 1)
        counts = np.zeros(bars, dtype=np.int64)
        np.add.at(counts, part, self._bins[filled])
        return [int(count) for count in counts]

    def _values(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """What stands for the values of some bins; never beyond the lowest or highest that came."""
        exponent = np.abs(places - _SIZE) - 1 + _FIRST
        middle = np.sign(places - _SIZE) * np.exp(exponent * _STEP) * (1 - ERROR)
        return np.clip(middle, self.lowest, self.highest)
