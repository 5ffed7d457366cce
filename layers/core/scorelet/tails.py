"""Tail probabilities, in a few lines of mathematics, so that no function has to carry scipy (70 MB)."""

from __future__ import annotations

import math

# Above this, the F distribution's second number of degrees of freedom makes no difference to 6 digits.
MANY = 1e7


def f_survival(x: float, df1: float, df2: float = MANY) -> float:
    """P(F > x) for the F distribution with `df1` and `df2` degrees of freedom.

    The chi-square distribution is its limit: P(chi2 > x) with k degrees is `f_survival(x / k, k)`.

    >>> round(f_survival(4.2565, 2, 9), 4)
    0.05
    """
    if x <= 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    df2 = min(df2, MANY)
    return _incomplete_beta(df2 / 2, df1 / 2, df2 / (df2 + df1 * x), df1 * x / (df2 + df1 * x))


def _incomplete_beta(a: float, b: float, x: float, y: float) -> float:
    """The regularised incomplete beta function I_x(a, b); `y` is 1 - x, given apart to keep its digits."""
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(y)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _continued_fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _continued_fraction(b, a, y) / b


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Lentz's method for the continued fraction of the incomplete beta function (Numerical Recipes 6.4)."""
    tiny = 1e-300
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _not_zero(1 + step * d, tiny)
            c = _not_zero(1 + step / c, tiny)
            value *= d * c
        if abs(d * c - 1) < 1e-12:
            break
    return value


def _not_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
