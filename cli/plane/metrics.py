"""Metric values by name and time, and CloudWatch's statistics over a span."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, insort
from collections import defaultdict
from datetime import datetime

from cli.plane.errors import ExpressionError

Dimensions = tuple[tuple[str, str], ...]
MetricKey = tuple[str, str, Dimensions]


class Metrics:
    """Every value ever published, kept whole."""

    def __init__(self) -> None:
        self._values: dict[MetricKey, list[tuple[float, float]]] = defaultdict(list)
        self._units: dict[MetricKey, str] = {}

    def put(
        self,
        namespace: str,
        name: str,
        dimensions: Dimensions,
        at: datetime,
        value: float,
        unit: str = "None",
    ) -> None:
        """Publish one value. Dimensions are pairs; their order does not matter."""
        if not math.isfinite(value):
            return  # CloudWatch refuses NaN and infinity
        key = (namespace, name, tuple(sorted(dimensions)))
        insort(self._values[key], (at.timestamp(), float(value)))
        self._units[key] = unit

    def between(self, key: MetricKey, start: float, end: float) -> list[float]:
        """The values with start <= time < end (seconds since 1970), oldest first."""
        series = self._values.get(key)
        if not series:
            return []
        first, last = bisect_left(series, (start,)), bisect_left(series, (end,))
        return [value for _, value in series[first:last]]

    def statistic(self, key: MetricKey, statistic: str, start: float, end: float) -> float | None:
        """One datapoint, or None when nothing was published in the span."""
        values = self.between(key, start, end)
        return aggregate(values, statistic) if values else None

    def keys(self, namespace: str | None = None) -> list[MetricKey]:
        """Every metric that has values."""
        return sorted(key for key in self._values if namespace in (None, key[0]))

    def unit(self, key: MetricKey) -> str:
        """The unit last published."""
        return self._units.get(key, "None")


def aggregate(values: list[float], statistic: str) -> float:
    """CloudWatch's statistic of at least one value; percentiles by nearest rank.

    >>> aggregate([1, 2, 3, 10], "Average"), aggregate([1, 2, 3, 10], "p50"), aggregate([1, 2, 3, 10], "p99")
    (4.0, 2, 10)
    """
    if statistic in ("Sum", "Average"):
        total = math.fsum(values)
        return total if statistic == "Sum" else total / len(values)
    if statistic == "SampleCount":
        return float(len(values))
    if statistic in ("Minimum", "Maximum"):
        return min(values) if statistic == "Minimum" else max(values)
    percent = percentile_of(statistic)
    if percent is None:
        raise ExpressionError(f"The plane does not know the statistic {statistic!r}.")
    rank = max(1, math.ceil(percent / 100 * len(values)))
    return sorted(values)[rank - 1]


def percentile_of(statistic: str) -> float | None:
    """99.9 for `p99.9`; None for another statistic."""
    found = re.fullmatch(r"p(\d{1,2}(?:\.\d+)?|100)", statistic)
    return float(found[1]) if found else None
