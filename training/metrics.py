"""How good answers are: each metric of n rows as a plain function, and all of a task with bootstrap intervals.

`outputs` float64 [n, classes] are probabilities (binary: both classes) or float64 [n, 1] values; `target` float64 [n]
holds class indices or values. A metric that cannot be told from these rows is None, never NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scorelet.signature import Signature

Floats = NDArray[np.float64]
Metric = Callable[[Floats, Floats], float | None]
SMALLEST_PROBABILITY = 1e-7  # float32 rounds anything surer to 1; without a floor one row makes the log loss infinite


def accuracy(outputs: Floats, target: Floats) -> float:
    """The share of rows whose most probable class is right."""
    return float((outputs.argmax(axis=1) == target).mean())


def macro_f1(outputs: Floats, target: Floats) -> float:
    """The F1 score of each class that occurs or is predicted, averaged."""
    classes = outputs.shape[1]
    pairs = np.bincount(target.astype(np.int64) * classes + outputs.argmax(axis=1), minlength=classes**2)
    confusion = pairs.reshape(classes, classes)
    seen = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float((2 * np.diag(confusion)[seen > 0] / seen[seen > 0]).mean())


def log_loss(outputs: Floats, target: Floats) -> float:
    """The mean of -ln(probability given to what happened)."""
    given = outputs[np.arange(len(target)), target.astype(np.int64)]
    return float(-np.log(np.clip(given, SMALLEST_PROBABILITY, 1.0)).mean())


def brier(outputs: Floats, target: Floats) -> float:
    """The mean squared difference between the probabilities and what happened (binary: of the positive class)."""
    if outputs.shape[1] == 2:
        return float(((outputs[:, 1] - target) ** 2).mean())
    happened = np.eye(outputs.shape[1])[target.astype(np.int64)]
    return float(((outputs - happened) ** 2).sum(axis=1).mean())


def roc_auc(outputs: Floats, target: Floats) -> float | None:
    """The chance that a positive row scores above a negative one, ties counting half; None with one class only."""
    positive = target == 1
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return None
    _, place, counts = np.unique(outputs[:, 1], return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def mae(outputs: Floats, target: Floats) -> float:
    """The mean absolute error."""
    return float(np.abs(outputs[:, 0] - target).mean())


def rmse(outputs: Floats, target: Floats) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt(((outputs[:, 0] - target) ** 2).mean()))


def r2(outputs: Floats, target: Floats) -> float | None:
    """The share of the target's variance that is explained; None when the target does not vary."""
    variance = float(target.var())
    return 1 - float(((outputs[:, 0] - target) ** 2).mean()) / variance if variance else None


METRICS: Mapping[str, Mapping[str, Metric]] = {
    "multiclass": {"accuracy": accuracy, "macro_f1": macro_f1, "log_loss": log_loss, "brier": brier},
    "binary": {
        "accuracy": accuracy,
        "macro_f1": macro_f1,
        "log_loss": log_loss,
        "brier": brier,
        "roc_auc": roc_auc,
    },
    "regression": {"mae": mae, "rmse": rmse, "r2": r2},
}


def main_metric(signature: Signature) -> tuple[str, Metric]:
    """The one metric that the quantization gate watches; more is better."""
    return ("r2", r2) if signature.task == "regression" else ("accuracy", accuracy)


def with_intervals(
    signature: Signature, outputs: NDArray[Any], target: Floats, *, resamples: int, seed: int
) -> dict[str, dict[str, float | None]]:
    """Every metric of the task as {"value", "low", "high"}, with a 95 % interval.

    Accuracy has Wilson's interval, the rest a percentile bootstrap over rows. Where no resample differs, because not
    one answer is wrong, the bootstrap would claim certainty: `low` and `high` are None then.
    """
    outputs = outputs.astype(np.float64)
    random = np.random.default_rng(seed)
    draws = random.integers(0, len(target), (resamples, len(target)))
    found = {}
    for name, metric in METRICS[signature.task].items():
        spread = [v for rows in draws if (v := metric(outputs[rows], target[rows])) is not None]
        low, high = wilson(outputs, target) if metric is accuracy else _percentiles(spread)
        found[name] = {"value": metric(outputs, target), "low": low, "high": high}
    return found


def _percentiles(spread: list[float]) -> tuple[float | None, float | None]:
    if not spread or min(spread) == max(spread):
        return None, None
    low, high = np.quantile(spread, [0.025, 0.975])
    return float(low), float(high)


def wilson(outputs: Floats, target: Floats, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval for the accuracy: sound for few rows, and when all of them are right.

    >>> low, high = wilson(np.eye(2)[[0, 1] * 15], np.array([0.0, 1.0] * 15))
    >>> round(low, 3), high
    (0.886, 1.0)
    """
    return wilson_share(accuracy(outputs, target), len(target), z)


def wilson_share(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The same for any share of n rows.

    >>> [round(end, 4) for end in wilson_share(0.0, 100)]
    [0.0, 0.037]
    """
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    return max(0.0, middle - reach), min(1.0, middle + reach)
