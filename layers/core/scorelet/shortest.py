"""Floats whose texts are the shortest that read back as the same float32: 0.98, not 0.9800000190734863."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Within these limits no power of ten above 10^22 is needed for 9 digits; up to there float64 holds them exactly.
_LEAST, _MOST = -12, 6
_LIMITS = np.array([float(f"1e{exponent}") for exponent in range(_LEAST, _MOST + 1)])
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(23)])
_FEW = 64  # below it, one by one is faster


def shortest(values: NDArray[np.float32]) -> list[float]:
    """float32 [n] as floats.

    >>> shortest(np.array([0.1, 2.0], dtype=np.float32))
    [0.1, 2.0]
    """
    if len(values) < _FEW:
        return [float(str(value)) for value in values]
    return _many(values)


def _many(values: NDArray[np.float32]) -> list[float]:
    """Round to 6, 7, 8 and 9 digits at once; the first that reads back is it. The few odd ones go one by one."""
    exact = values.astype(np.float64)
    exponent = np.searchsorted(_LIMITS, np.abs(exact), side="right") - 1
    open_ = (exponent >= 0) & (exponent < len(_LIMITS) - 1)
    odd = ~open_ & (exact != 0)
    found = np.where(open_, exact, 0.0)
    for digits in (6, 7, 8, 9):
        scale = _POWERS[np.where(open_, digits - 1 - (exponent + _LEAST), 0)]
        scaled = found * scale
        whole = np.rint(scaled)
        rounded = whole / scale
        tie = open_ & (np.abs(scaled - whole) > 0.4999)  # too close for float64 to tell which is nearer
        hit = open_ & ~tie & (rounded.astype(np.float32) == values)
        exact[hit] = rounded[hit]
        odd |= tie
        open_ &= ~(tie | hit)
    for place in np.flatnonzero(odd | open_):
        exact[place] = float(str(values[place]))
    floats: list[float] = exact.tolist()
    return floats
