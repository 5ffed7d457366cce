"""CloudWatch alarms: on one metric, on metric math, and composite ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.plane.errors import TemplateError
from cli.plane.template.resolve import Resource


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One line of an alarm's arithmetic: a metric with its statistic, or an expression over other lines."""

    id: str
    returns: bool = True
    label: str | None = None
    expression: str | None = None
    namespace: str = ""
    metric: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = "Average"
    period: int = 60


@dataclass(frozen=True, slots=True)
class AlarmSpec:
    """What a metric alarm watches and when it is broken."""

    logical_id: str
    name: str
    arn: str
    description: str | None
    queries: tuple[MetricQuery, ...]
    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: str = "missing"
    ignore_low_samples: bool = False
    actions: Mapping[str, tuple[str, ...]] | None = None
    is_math: bool = False

    @property
    def period(self) -> int:
        """Seconds in one datapoint."""
        return max(query.period for query in self.queries)

    @property
    def watched(self) -> MetricQuery:
        """The query whose values are compared with the threshold."""
        return next(query for query in self.queries if query.returns)

    @classmethod
    def read(cls, resource: Resource) -> AlarmSpec:
        """From an AWS::CloudWatch::Alarm; raises TemplateError for anomaly bands, which are not judged here."""
        p = resource.properties
        if "ThresholdMetricId" in p:
            raise TemplateError(f"{resource.logical_id}: the plane has no anomaly detection bands.")
        periods = int(p["EvaluationPeriods"])
        return cls(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn,
            description=p.get("AlarmDescription"),
            queries=_queries(resource),
            comparison=p["ComparisonOperator"],
            threshold=float(p["Threshold"]),
            evaluation_periods=periods,
            datapoints_to_alarm=int(p.get("DatapointsToAlarm", periods)),
            missing=p.get("TreatMissingData", "missing"),
            ignore_low_samples=p.get("EvaluateLowSampleCountPercentile") == "ignore",
            actions=_actions(p),
            is_math="Metrics" in p,
        )


@dataclass(frozen=True, slots=True)
class CompositeSpec:
    """An alarm whose state is a sentence about other alarms."""

    logical_id: str
    name: str
    arn: str
    description: str | None
    rule: str
    actions: Mapping[str, tuple[str, ...]] | None = None

    @classmethod
    def read(cls, resource: Resource) -> CompositeSpec:
        """From an AWS::CloudWatch::CompositeAlarm."""
        p = resource.properties
        about = p.get("AlarmDescription")
        return cls(resource.logical_id, resource.name, resource.arn, about, p["AlarmRule"], _actions(p))


def _queries(resource: Resource) -> tuple[MetricQuery, ...]:
    p = resource.properties
    if "Metrics" not in p:
        return (_metric("m1", p, p.get("ExtendedStatistic") or p.get("Statistic", "Average"), True, None),)
    queries = tuple(_query(one) for one in p["Metrics"])
    if sum(query.returns for query in queries) != 1:
        raise TemplateError(f"{resource.logical_id}: exactly one entry of Metrics must have ReturnData: true.")
    return queries


def _query(one: Mapping[str, Any]) -> MetricQuery:
    returns = str(one.get("ReturnData", True)).lower() == "true"
    if "Expression" in one:
        return MetricQuery(one["Id"], returns, one.get("Label"), one["Expression"], period=int(one.get("Period", 0)))
    stat = one["MetricStat"]
    about = {**stat["Metric"], "Period": stat["Period"]}
    return _metric(one["Id"], about, stat["Stat"], returns, one.get("Label"))


def _metric(id_: str, p: Mapping[str, Any], statistic: str, returns: bool, label: str | None) -> MetricQuery:
    return MetricQuery(
        id=id_,
        returns=returns,
        label=label,
        namespace=p["Namespace"],
        metric=p["MetricName"],
        dimensions=tuple(sorted((d["Name"], str(d["Value"])) for d in p.get("Dimensions", []))),
        statistic=statistic,
        period=int(p.get("Period", 60)),
    )


def _actions(p: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    if str(p.get("ActionsEnabled", True)).lower() != "true":
        return {}
    names = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
    return {state: tuple(p.get(key, ())) for state, key in names.items()}
