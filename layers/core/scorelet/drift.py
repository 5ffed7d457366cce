"""Has the traffic moved away from what the model was trained on? Scores first; a separate rule judges them.

No clock, no I/O: counts in, numbers out. Why these statistics, and what they were measured to do, is in
docs/decisions/drift.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelet.sketch import Counts
from scorelet.tails import MANY, f_survival

EVALUATIONS_IN_30_DAYS = 720  # hourly
# Fewer cells than this cannot tell how far rows depend on one another; then a tenth of the rows is taken to count.
LEAST_CELLS = 8
ASSUMED_DESIGN_EFFECT = 10.0
LEAST_EXPECTED = 5.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DriftScore:
    """How far one quantity's window lies from its baseline.

    `effect` is on PSI's scale (0.1 is small, 0.25 is large), less what chance alone would show. `p_value` is the
    chance of such a window without drift. `design_effect` tells how many rows of the window are worth one independent
    row. Shares are per baseline bin.
    """

    name: str
    effect: float
    p_value: float
    statistic: float
    df: int
    design_effect: float
    rows: int
    baseline_shares: Matrix
    window_shares: Matrix


@dataclass(frozen=True, slots=True)
class DriftRules:
    """When a score is a drift. `alpha` is the chance of any false alarm in 30 days, over all quantities of a model."""

    min_effect: float = 0.1
    min_rows: int = 200
    alpha: float = 0.05
    evaluations: int = EVALUATIONS_IN_30_DAYS


def judge(scores: Sequence[DriftScore], rules: DriftRules) -> tuple[str, ...]:
    """The names of the quantities that drifted, in the order given.

    Holm's step-down rule controls the chance of an error over quantities, an equal part of `alpha` for each evaluation
    that over time. Overlapping windows make that strict, not lax.
    """
    adjusted = holm([score.p_value for score in scores])
    limit = rules.alpha / rules.evaluations
    return tuple(
        score.name
        for score, p in zip(scores, adjusted, strict=True)
        if p <= limit and score.effect >= rules.min_effect and score.rows >= rules.min_rows
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def score_all(baseline: Mapping[str, Counts], cells: Mapping[str, Counts]) -> list[DriftScore]:
    """Score every quantity of the baseline that the window holds."""
    return [score(name, baseline[name], cells[name]) for name in baseline if name in cells]


def score(name: str, baseline: Counts, cells: Counts) -> DriftScore:
    """Compare the baseline, int64 [bins], with a window given as consecutive cells of time, int64 [cells, bins]."""
    window = cells.sum(axis=0)
    rows, baseline_rows = int(window.sum()), int(baseline.sum())
    shares = (baseline / max(1, baseline_rows), window / max(1, rows))
    groups = _groups(baseline, window)
    df = len(np.unique(groups)) - 1 if rows and baseline_rows else 0
    if df == 0:
        return DriftScore(name, 0.0, 1.0, 0.0, 0, 1.0, rows, *shares)
    pooled = np.stack([_sum_groups(counts, groups) for counts in (baseline, *cells)])
    before, after = pooled[0] / baseline_rows, pooled[1:].sum(axis=0) / rows
    expected = pooled.sum(axis=0) / (rows + baseline_rows)
    mean, largest, freedom = _design_effects(pooled[1:], expected)
    effect = 8 * jensen_shannon(before, after) - df * (mean / rows + 1 / baseline_rows)
    statistic, p_value = _test(before, after, baseline_rows, rows / largest, freedom)
    return DriftScore(name, effect, p_value, statistic, df, largest, rows, *shares)


def _groups(baseline: Counts, window: Counts) -> NDArray[np.int64]:
    """The group of each bin: sparse bins share the last group, and join the smallest other if that is sparse too."""
    total = baseline + window
    expected = total / max(1, int(total.sum())) * min(int(baseline.sum()), int(window.sum()))
    dense = expected >= LEAST_EXPECTED
    groups = np.where(dense, np.cumsum(dense) - 1, dense.sum())
    if dense.any() and expected[~dense].sum() < LEAST_EXPECTED:
        smallest = int(np.argmin(np.where(dense, expected, np.inf)))
        groups[~dense] = groups[smallest]
    return groups


def _sum_groups(counts: Counts, groups: NDArray[np.int64]) -> Matrix:
    return np.bincount(groups, weights=counts).astype(np.float64)


def jensen_shannon(p: Matrix, q: Matrix) -> float:
    """The Jensen-Shannon divergence of two distributions over the same bins, in nats: 0 to log 2."""
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p / middle), 0) + np.where(q > 0, q * np.log(q / middle), 0)
    return float(terms.sum() / 2)


def _design_effects(cells: Matrix, expected: Matrix) -> tuple[float, float, float]:
    """How much more the window's shares vary than those of independent rows, seen from its own cells.

    Returns the design effect on average over all contrasts of bins, that of the contrast where it is largest (both at
    least 1), and the degrees of freedom they were estimated with.
    """
    sizes = cells.sum(axis=1)
    cells, sizes = cells[sizes > 0], sizes[sizes > 0]
    weights = sizes / sizes.sum()
    effective_cells = 1 / float((weights**2).sum())
    if effective_cells < LEAST_CELLS:
        mean, largest, freedom = ASSUMED_DESIGN_EFFECT, ASSUMED_DESIGN_EFFECT, MANY
    else:
        mean, largest, freedom = 1.0, 1.0, effective_cells - 1
    if len(cells) == 1:
        return mean, largest, freedom
    residuals = cells - np.outer(sizes, cells.sum(axis=0) / sizes.sum())
    residuals /= np.sqrt(np.outer(1 - weights, sizes.sum() * expected))
    variances = np.linalg.svd(residuals, compute_uv=False) ** 2  # the eigenvalues of their covariance
    return max(mean, float(variances.sum()) / (cells.shape[1] - 1)), max(largest, float(variances[0])), freedom


def _test(before: Matrix, after: Matrix, baseline_rows: int, rows: float, freedom: float) -> tuple[float, float]:
    """Pearson's two-sample chi-square and its p-value.

    `rows` counts the window's independent rows, an estimate with `freedom` degrees of freedom. Its part in the variance
    decides how far the F distribution replaces chi-square. Fewer independent rows than bins prove nothing.
    """
    expected = (before * baseline_rows + after * rows) / (baseline_rows + rows)
    variance = 1 / rows + 1 / baseline_rows
    statistic = float(((before - after) ** 2 / expected).sum()) / variance
    if rows < len(before):
        return statistic, 1.0
    df = len(before) - 1
    window_part = 1 / rows / variance
    return statistic, f_survival(statistic / df, df, freedom / window_part**2)
