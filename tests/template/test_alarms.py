"""Alarms say what silence means, look at metrics that exist, and each one reaches the alert function."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.expand import expanded, of_type

ALARMS = of_type("AWS::CloudWatch::Alarm")

EMITTED = {
    ("AWS/Lambda", "Duration", "FunctionName"),
    ("AWS/ApiGateway", "Count", "ApiId"),
    ("AWS/ApiGateway", "5xx", "ApiId"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    ("AWS/States", "ExecutionsFailed", "StateMachineArn"),
    ("Scorelet", "RowsIn", "service"),
    ("Scorelet", "RowsRejected", "service"),
    ("Scorelet", "DriftedFeatures", "service"),
    ("Scorelet", "ModelRefused", "service"),
}


def _metrics(alarm: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "MetricName" in alarm:
        yield alarm
    yield from (m["MetricStat"]["Metric"] for m in alarm.get("Metrics", []) if "MetricStat" in m)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_the_alarm_is_named_after_the_stack_and_described(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmName"]["Fn::Sub"].startswith("${AWS::StackName}-")
    assert alarm["AlarmDescription"].endswith(".")


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_the_alarm_says_what_missing_data_means(name: str) -> None:
    assert ALARMS[name]["TreatMissingData"] in {"notBreaching", "breaching", "ignore", "missing"}


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_the_alarm_looks_at_metrics_that_are_emitted(name: str) -> None:
    for metric in _metrics(ALARMS[name]):
        (dimension,) = metric["Dimensions"]
        assert (metric["Namespace"], metric["MetricName"], dimension["Name"]) in EMITTED


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_metric_math_returns_one_series_made_of_the_others(name: str) -> None:
    metrics = ALARMS[name].get("Metrics", [])
    if metrics:
        (result,) = [m for m in metrics if m["ReturnData"]]
        assert all(m["Id"] in result["Expression"] for m in metrics if m is not result)


def test_the_alert_rule_names_every_alarm() -> None:
    rule = of_type("AWS::Events::Rule")["AlertFunctionAlarm"]
    listed = {json.dumps(n) for n in rule["EventPattern"]["detail"]["alarmName"]}
    assert listed == {json.dumps(a["AlarmName"]) for a in ALARMS.values()}
    assert rule["EventPattern"]["detail-type"] == ["CloudWatch Alarm State Change"]


def test_every_dead_letter_queue_is_watched() -> None:
    dead = {n for n, r in expanded()["Resources"].items() if r["Type"] == "AWS::SQS::Queue" and "Dead" in n}
    watched = {d["Value"]["Fn::GetAtt"][0] for m in _metrics(ALARMS["DeadLettersAlarm"]) for d in m["Dimensions"]}
    assert watched == dead
