"""Alarms: each looks at a metric that exists, says what silence means, and reaches a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scorelet.metrics import METRICS

from tests.template.rules.registry import Stack, behind, rule

# what AWS publishes by itself: namespace and name, the dimension, and the kind of resource behind it
PLATFORM = {
    ("AWS/Lambda", "Duration"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Errors"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Throttles"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/ApiGateway", "Count"): ("ApiId", "AWS::ApiGatewayV2::Api"),
    ("AWS/ApiGateway", "5xx"): ("ApiId", "AWS::ApiGatewayV2::Api"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("QueueName", "AWS::SQS::Queue"),
    ("AWS/States", "ExecutionsFailed"): ("StateMachineArn", "AWS::StepFunctions::StateMachine"),
}
SILENCE = {"notBreaching", "breaching", "ignore", "missing"}


def _all(stack: Stack) -> dict[str, Any]:
    return stack.of_type("AWS::CloudWatch::Alarm")


def _metrics(alarm: Any) -> Iterator[Any]:
    if "MetricName" in alarm:
        yield alarm
    yield from (m["MetricStat"]["Metric"] for m in alarm.get("Metrics", []) if "MetricStat" in m)


@rule
def every_alarm_says_what_missing_data_means(stack: Stack) -> Iterator[str]:
    """CloudWatch's own choice is to stay as it was, which is rarely what is meant."""
    for name, alarm in _all(stack).items():
        if alarm.get("TreatMissingData") not in SILENCE:
            yield f"{name} leaves it open"


@rule
def every_alarm_is_named_after_the_stack_and_described(stack: Stack) -> Iterator[str]:
    """Two stacks of one account must not share an alarm, and a message must say what it means."""
    for name, alarm in _all(stack).items():
        named = alarm.get("AlarmName")
        if not isinstance(named, dict) or not str(named.get("Fn::Sub")).startswith("${AWS::StackName}-"):
            yield f"{name} is not named after the stack"
        if not str(alarm.get("AlarmDescription", "")).endswith("."):
            yield f"{name} is not described"


@rule
def every_alarm_looks_at_a_metric_that_is_emitted(stack: Stack) -> Iterator[str]:
    """With the dimension it is emitted with, of something that exists."""
    for name, alarm in _all(stack).items():
        for metric in _metrics(alarm):
            if not _is_emitted(stack, metric):
                yield f"{name}: nobody emits {metric.get('Namespace')} {metric.get('MetricName')} that way"


def _is_emitted(stack: Stack, metric: Any) -> bool:
    dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
    if metric.get("Namespace") == "Scorelet":
        return metric["MetricName"] in METRICS and dimensions == {"service": {"Ref": "AWS::StackName"}}
    wanted, kind = PLATFORM.get((metric.get("Namespace"), metric["MetricName"]), ("", ""))
    return set(dimensions) == {wanted} and behind(dimensions[wanted]) in stack.of_type(kind)


@rule
def metric_math_returns_one_series_made_of_the_others(stack: Stack) -> Iterator[str]:
    """An alarm on a series that its expression leaves out watches nothing."""
    for name, alarm in _all(stack).items():
        metrics = alarm.get("Metrics", [])
        results = [m for m in metrics if m.get("ReturnData", True)]
        parts = [m["Id"] for m in metrics if m not in results]
        if metrics and (len(results) != 1 or not all(p in str(results[0].get("Expression")) for p in parts)):
            yield f"{name} adds up wrongly"


@rule
def every_alarm_reaches_the_alert_function(stack: Stack) -> Iterator[str]:
    """The rule names exactly the alarms there are, and none of them is switched off."""
    listed = set()
    for listener in stack.of_type("AWS::Events::Rule").values():
        pattern = listener.get("EventPattern", {})
        if pattern.get("detail-type") == ["CloudWatch Alarm State Change"] and "AlertFunction" in str(listener):
            listed |= {json.dumps(n) for n in pattern.get("detail", {}).get("alarmName", [])}
    named = {json.dumps(a.get("AlarmName")): name for name, a in _all(stack).items()}
    yield from (f"nobody hears {named[n]}" for n in sorted(set(named) - listed))
    yield from (f"there is no alarm {n}" for n in sorted(listed - set(named)))
    yield from (f"{name} is switched off" for name, a in _all(stack).items() if a.get("ActionsEnabled") is False)


@rule
def every_dead_letter_queue_is_watched(stack: Stack) -> Iterator[str]:
    """A letter that nobody sees is lost after all."""
    read = {behind(m["EventSourceArn"]) for m in stack.of_type("AWS::Lambda::EventSourceMapping").values()}
    watched = {
        behind(d["Value"])
        for alarm in _all(stack).values()
        for metric in _metrics(alarm)
        if metric.get("Namespace") == "AWS/SQS"
        for d in metric.get("Dimensions", [])
    }
    yield from (f"nobody watches {q}" for q in sorted(set(stack.of_type("AWS::SQS::Queue")) - read - watched))


@rule
def every_state_machine_is_watched(stack: Stack) -> Iterator[str]:
    """A failed run of a big file must reach a person."""
    watched = {behind(d["Value"]) for a in _all(stack).values() for m in _metrics(a) for d in m.get("Dimensions", [])}
    machines = set(stack.of_type("AWS::StepFunctions::StateMachine"))
    yield from (f"nobody watches {m}" for m in sorted(machines - watched))


@rule
def an_alarm_takes_a_bad_deployment_back(stack: Stack) -> Iterator[str]:
    """By names of alarms that exist."""
    named = [a.get("AlarmName") for a in _all(stack).values()]
    for name, group in stack.of_type("AWS::CodeDeploy::DeploymentGroup").items():
        config = group.get("AlarmConfiguration", {})
        alarms = [a["Name"] for a in config.get("Alarms", [])]
        if not config.get("Enabled") or not alarms or not all(a in named for a in alarms):
            yield f"{name} watches no alarm, or one that is not there"
        back = group.get("AutoRollbackConfiguration", {})
        if not back.get("Enabled") or "DEPLOYMENT_STOP_ON_ALARM" not in back.get("Events", []):
            yield f"{name} does not go back"
