"""Small steps on series of datapoints: what metric math does with a value, a gap, and a division by zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

Series = list[float | None]


def divide(a: float, b: float) -> float | None:
    """A quotient, or nothing when the divisor is zero."""
    return a / b if b else None


def point(function: Callable[..., Any], *values: Any) -> float | None:
    """A function of one period's values; missing when any of them is, or when the result is not a number."""
    if any(value is None for value in values):
        return None
    try:
        result = function(*values)
    except (ArithmeticError, ValueError):
        return None
    if result is None or isinstance(result, complex) or not math.isfinite(result):
        return None
    return float(result)


def repeated(value: Series) -> Series:
    """Gaps take the last value before them."""
    out: Series = []
    for one in value:
        out.append(out[-1] if one is None and out else one)
    return out


def interpolated(value: Series) -> Series:
    """Gaps between two values take a straight line."""
    out = list(value)
    known = [at for at, one in enumerate(value) if one is not None]
    for first, last in pairwise(known):
        low, high = float(value[first] or 0.0), float(value[last] or 0.0)
        for at in range(first + 1, last):
            out[at] = low + (high - low) * (at - first) / (last - first)
    return out


def mean(values: list[float]) -> float:
    """The average of at least one value."""
    return math.fsum(values) / len(values)
