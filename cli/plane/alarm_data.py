"""The datapoints that a metric alarm looks at: windows that end at the evaluation and reach back."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cli.plane.errors import ExpressionError
from cli.plane.judge import EXTRA_PERIODS
from cli.plane.metric_math import Series, evaluate
from cli.plane.metrics import Metrics, percentile_of
from cli.plane.template.alarms import AlarmSpec, MetricQuery

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True)
class Datapoint:
    """One period's value."""

    start: datetime
    value: float | None
    breaches: bool | None


def datapoints(spec: AlarmSpec, metrics: Metrics, at: datetime) -> list[Datapoint]:
    """The evaluation range, oldest first, for an evaluation at `at`.

    The windows end at `at` and are not aligned to the hour: CloudWatch's own sample event shows a point of five
    minutes that starts at 13:46.
    """
    count, period, end = spec.evaluation_periods + EXTRA_PERIODS, spec.period, at.timestamp()
    starts = [end - period * back for back in range(count, 0, -1)]
    values = _values(spec, metrics, starts)
    if spec.comparison not in COMPARISONS:
        raise ExpressionError(f"Alarm {spec.name}: the plane does not know {spec.comparison}.")
    breaks = COMPARISONS[spec.comparison]
    return [
        Datapoint(
            datetime.fromtimestamp(start, UTC),
            value,
            None if value is None else breaks(value, spec.threshold),
        )
        for start, value in zip(starts, values, strict=True)
    ]


def too_few_samples(spec: AlarmSpec, metrics: Metrics, at: datetime) -> bool:
    """Whether a percentile alarm set to `ignore` has too few values to be judged.

    The guide asks for 10 / (1 - percentile) values, or 10 / percentile below the median.
    """
    query = spec.watched
    percent = None if query.expression else percentile_of(query.statistic)
    if not spec.ignore_low_samples or percent is None:
        return False
    rarer_percent = 100 - percent if percent >= 50 else percent
    needed = 1000 / rarer_percent if rarer_percent else 0
    end = at.timestamp()
    span = spec.period * spec.evaluation_periods
    return 0 < len(metrics.between(_key(query), end - span, end)) < needed


def _values(spec: AlarmSpec, metrics: Metrics, starts: list[float]) -> Series:
    known: dict[str, Series] = {}
    for query in spec.queries:
        if query.expression is None:
            known[query.id] = [
                metrics.statistic(_key(query), query.statistic, start, start + spec.period) for start in starts
            ]
    plain = tuple(known)
    waiting = [query for query in spec.queries if query.expression is not None]
    while waiting:
        ready = [query for query in waiting if not _needs(query, waiting)]
        if not ready:
            raise ExpressionError(f"Alarm {spec.name}: its expressions wait for each other.")
        for query in ready:
            known[query.id] = evaluate(query.expression or "", known, len(starts), spec.period, plain)
            waiting.remove(query)
    return known[spec.watched.id]


def _needs(query: MetricQuery, waiting: list[MetricQuery]) -> bool:
    words = set(re.findall(r"\w+", query.expression or ""))
    return any(other.id in words for other in waiting if other is not query)


def _key(query: MetricQuery) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return (query.namespace, query.metric, query.dimensions)
