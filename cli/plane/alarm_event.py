"""How an alarm's change of state is told: to EventBridge, to SNS, and to a function directly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.plane.alarm_data import Datapoint
from cli.plane.clock import iso_offset
from cli.plane.judge import INSUFFICIENT_DATA
from cli.plane.template.alarms import AlarmSpec, CompositeSpec, MetricQuery
from cli.plane.template.names import Account

_WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


@dataclass(frozen=True, slots=True)
class AlarmState:
    """An alarm's state and since when and why it is so."""

    value: str
    reason: str
    reason_data: str | None
    at: datetime

    def as_json(self) -> dict[str, Any]:
        """As events carry it."""
        document = {"value": self.value, "reason": self.reason, "timestamp": iso_offset(self.at)}
        return document if self.reason_data is None else {**document, "reasonData": self.reason_data}


def reason(spec: AlarmSpec, points: Sequence[Datapoint], value: str, before: str) -> str:
    """The sentence that CloudWatch writes."""
    used = _used(spec, points)
    if not used:
        if value == INSUFFICIENT_DATA:
            return f"Insufficient Data: {_count(spec.evaluation_periods, 'datapoint was', 'datapoints were')} unknown."
        treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(spec.missing, spec.missing)
        return (
            f"Threshold Crossed: no datapoints were received for {_count(spec.evaluation_periods, 'period', 'periods')}"
            f" and {_count(spec.evaluation_periods, 'missing datapoint was', 'missing datapoints were')}"
            f" treated as [{treated}]."
        )
    alarming = value == "ALARM"
    counted = [point for point in used if point.breaches == alarming] or used
    listed = ", ".join(f"{point.value} ({point.start:%d/%m/%y %H:%M:%S})" for point in reversed(counted))
    minimum = spec.datapoints_to_alarm if alarming else spec.evaluation_periods - spec.datapoints_to_alarm + 1
    return (
        f"Threshold Crossed: {len(counted)} out of the last {spec.evaluation_periods} datapoints"
        f" [{listed}] {'was' if len(counted) == 1 else 'were'}{'' if alarming else ' not'} {_WORDS[spec.comparison]}"
        f" the threshold ({spec.threshold}) (minimum {_count(minimum, 'datapoint', 'datapoints')}"
        f" for {before} -> {value} transition)."
    )


def reason_data(spec: AlarmSpec, points: Sequence[Datapoint], at: datetime) -> str:
    """The same for machines: JSON inside a string, as CloudWatch sends it."""
    used = _used(spec, points)
    document: dict[str, Any] = {"version": "1.0", "queryDate": iso_offset(at)}
    if used:
        document["startDate"] = iso_offset(used[0].start)
    if not spec.is_math:
        document["statistic"] = spec.watched.statistic
    document |= {
        "period": spec.period,
        "recentDatapoints": [point.value for point in used],
        "threshold": spec.threshold,
        "evaluatedDatapoints": [
            {"timestamp": iso_offset(point.start), "value": point.value} for point in reversed(used)
        ],
    }
    return json.dumps(document, separators=(",", ":"))


def detail(spec: AlarmSpec | CompositeSpec, state: AlarmState, before: AlarmState) -> dict[str, Any]:
    """`detail` of the event "CloudWatch Alarm State Change"."""
    return {
        "alarmName": spec.name,
        "state": state.as_json(),
        "previousState": before.as_json(),
        "configuration": configuration(spec),
    }


def configuration(spec: AlarmSpec | CompositeSpec) -> dict[str, Any]:
    """What the alarm watches, as events carry it."""
    about: dict[str, Any] = {} if spec.description is None else {"description": spec.description}
    if isinstance(spec, CompositeSpec):
        return {**about, "alarmRule": spec.rule}
    return {**about, "metrics": [_metric(query) for query in spec.queries]}


def sns_message(account: Account, spec: AlarmSpec | CompositeSpec, state: AlarmState, before: AlarmState) -> str:
    """The JSON text that an alarm's SNS action publishes."""
    message: dict[str, Any] = {
        "AlarmName": spec.name,
        "AlarmDescription": spec.description,
        "AWSAccountId": account.account_id,
        "NewStateValue": state.value,
        "NewStateReason": state.reason,
        "StateChangeTime": iso_offset(state.at),
        "Region": account.region,
        "AlarmArn": spec.arn,
        "OldStateValue": before.value,
    }
    if isinstance(spec, CompositeSpec):
        return json.dumps({**message, "AlarmRule": spec.rule})
    query = spec.watched
    trigger: dict[str, Any] = {
        "Period": spec.period,
        "EvaluationPeriods": spec.evaluation_periods,
        "DatapointsToAlarm": spec.datapoints_to_alarm,
        "ComparisonOperator": spec.comparison,
        "Threshold": spec.threshold,
        "TreatMissingData": spec.missing,
    }
    if not spec.is_math:
        dimensions = [{"name": name, "value": value} for name, value in query.dimensions]
        trigger |= {"MetricName": query.metric, "Namespace": query.namespace, "Dimensions": dimensions}
    return json.dumps({**message, "Trigger": trigger})


def lambda_event(account: Account, spec: AlarmSpec | CompositeSpec, state: AlarmState, before: AlarmState) -> Any:
    """What a function gets that is itself an alarm action."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": spec.arn,
        "accountId": account.account_id,
        "time": iso_offset(state.at),
        "region": account.region,
        "alarmData": detail(spec, state, before),
    }


def _used(spec: AlarmSpec, points: Sequence[Datapoint]) -> list[Datapoint]:
    return [point for point in points if point.value is not None][-spec.evaluation_periods :]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _metric(query: MetricQuery) -> dict[str, Any]:
    about: dict[str, Any] = {"id": query.id, "returnData": query.returns}
    if query.label is not None:
        about["label"] = query.label
    if query.expression is not None:
        return {**about, "expression": query.expression}
    metric = {"name": query.metric, "namespace": query.namespace, "dimensions": dict(query.dimensions)}
    return {**about, "metricStat": {"metric": metric, "period": query.period, "stat": query.statistic}}
