"""A CloudWatch alarm's change of state, in the three envelopes AWS sends it: EventBridge, SNS, direct Lambda action."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scorelet.errors import EventError
from scorelet.instants import parse_time


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One change, the same whatever brought it.

    `state` and `previous_state` are OK, ALARM or INSUFFICIENT_DATA; `metrics` are the names of the metrics watched.
    A composite alarm has none, and names the alarms that triggered it in `triggered_by`.
    """

    name: str
    state: str
    previous_state: str
    reason: str
    time: datetime
    account: str
    region: str
    description: str = ""
    metrics: tuple[str, ...] = ()
    is_composite: bool = False
    triggered_by: tuple[str, ...] = ()


def alarm_changes(event: Mapping[str, Any]) -> Iterator[AlarmChange]:
    """Every change in the event, one for EventBridge and a direct action; raises EventError for another shape."""
    try:
        if event.get("detail-type") == "CloudWatch Alarm State Change":
            yield _from_detail(event["detail"], str(event["account"]), str(event["region"]))
        elif "alarmData" in event:
            yield _from_detail(event["alarmData"], str(event["accountId"]), str(event["region"]))
        elif _is_sns(event):
            for record in event["Records"]:
                yield _from_sns(json.loads(record["Sns"]["Message"]))
        else:
            raise EventError("not an alarm's change of state")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise EventError(f"the alarm event cannot be read: {error!r}") from error


def _is_sns(event: Mapping[str, Any]) -> bool:
    records = event.get("Records") or [{}]
    return all(record.get("EventSource") == "aws:sns" for record in records)


def _from_detail(detail: Mapping[str, Any], account: str, region: str) -> AlarmChange:
    """EventBridge and a direct action carry the same description."""
    state, configuration = detail["state"], detail.get("configuration") or {}
    return AlarmChange(
        name=str(detail["alarmName"]),
        state=str(state["value"]),
        previous_state=str((detail.get("previousState") or {}).get("value", "INSUFFICIENT_DATA")),
        reason=str(state.get("reason", "")),
        time=parse_time(state["timestamp"]),
        account=account,
        region=region,
        description=str(configuration.get("description") or ""),
        metrics=_metric_names(configuration.get("metrics") or ()),
        is_composite="alarmRule" in configuration,
        triggered_by=_children(state.get("reasonData")),
    )


def _metric_names(metrics: Any) -> tuple[str, ...]:
    stats = [entry["metricStat"]["metric"] for entry in metrics if "metricStat" in entry]
    return tuple(f"{metric['namespace']} {metric['name']}" for metric in stats)


def _children(reason_data: str | None) -> tuple[str, ...]:
    """The names of the alarms that made a composite alarm change."""
    data = json.loads(reason_data) if reason_data else {}
    found = data.get("triggeringAlarms", []) if isinstance(data, dict) else []
    return tuple(str(alarm["arn"]).rsplit(":alarm:", 1)[-1] for alarm in found)


def _from_sns(message: Mapping[str, Any]) -> AlarmChange:
    """SNS has names of its own for all of it; its region is a place's name, so that of the ARN is taken."""
    trigger = message.get("Trigger") or {}
    arn = str(message["AlarmArn"])
    children = [child["Arn"] for child in message.get("TriggeringChildren") or ()]
    return AlarmChange(
        name=str(message["AlarmName"]),
        state=str(message["NewStateValue"]),
        previous_state=str(message.get("OldStateValue", "INSUFFICIENT_DATA")),
        reason=str(message.get("NewStateReason", "")),
        time=parse_time(message["StateChangeTime"]),
        account=str(message["AWSAccountId"]),
        region=arn.split(":")[3],
        description=str(message.get("AlarmDescription") or ""),
        metrics=_sns_metric_names(trigger),
        is_composite="AlarmRule" in message,
        triggered_by=tuple(str(child).rsplit(":alarm:", 1)[-1] for child in children),
    )


def _sns_metric_names(trigger: Mapping[str, Any]) -> tuple[str, ...]:
    stats = [entry["MetricStat"]["Metric"] for entry in trigger.get("Metrics") or () if "MetricStat" in entry]
    single = [trigger] if "MetricName" in trigger else []
    return tuple(f"{metric['Namespace']} {metric['MetricName']}" for metric in [*single, *stats])
