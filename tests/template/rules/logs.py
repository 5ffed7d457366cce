"""Logs: kept for a time, by our own groups, and never the data that passes through."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.template.rules.registry import Stack, behind, rule

GROUP = "AWS::Logs::LogGroup"
# what a line of the access log may say: who, when, what came of it; no headers, bodies or query strings
ACCESS_FIELDS = {
    "requestId",
    "requestTimeEpoch",
    "status",
    "httpMethod",
    "path",
    "responseLatency",
    "error.messageString",
    "authorizer.error",
}


@rule
def no_log_group_keeps_for_ever(stack: Stack) -> Iterator[str]:
    """CloudWatch's default is for ever."""
    for name, group in stack.of_type(GROUP).items():
        if not group.get("RetentionInDays"):
            yield f"{name} never forgets"


@rule
def every_function_writes_to_a_log_group_of_the_stack(stack: Stack) -> Iterator[str]:
    """Else Lambda makes one that never forgets."""
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        if behind(function.get("LoggingConfig", {}).get("LogGroup")) not in stack.of_type(GROUP):
            yield f"{name} logs elsewhere"


@rule
def the_api_logs_who_was_refused_and_no_data(stack: Stack) -> Iterator[str]:
    """The named fields and nothing else."""
    for name, stage in stack.of_type("AWS::ApiGatewayV2::Stage").items():
        settings = stage.get("AccessLogSettings", {})
        if behind(settings.get("DestinationArn")) not in stack.of_type(GROUP):
            yield f"{name} keeps no access log"
        extra = set(re.findall(r"\$context\.([\w.]+)", str(settings.get("Format")))) - ACCESS_FIELDS
        if extra:
            yield f"{name} logs {sorted(extra)}"
        if stage.get("DefaultRouteSettings", {}).get("DataTraceEnabled"):
            yield f"{name} logs requests and answers"


@rule
def no_execution_data_is_logged(stack: Stack) -> Iterator[str]:
    """Neither by state machines nor by Powertools."""
    for name, machine in stack.of_type("AWS::StepFunctions::StateMachine").items():
        logging = machine.get("LoggingConfiguration", {})
        if logging.get("IncludeExecutionData") is not False:
            yield f"{name} logs what passes through it"
        targets = [d["CloudWatchLogsLogGroup"]["LogGroupArn"] for d in logging.get("Destinations", [])]
        if logging.get("Level", "OFF") == "OFF" or not targets:
            yield f"{name} logs no failures"
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        if str(function.get("Environment", {}).get("Variables", {}).get("POWERTOOLS_LOGGER_LOG_EVENT")) in {
            "true",
            "1",
        }:
            yield f"{name} logs every event"


@rule
def nothing_debugs_by_default(stack: Stack) -> Iterator[str]:
    """A debug level is a choice of a person, for a time."""
    if stack.values.get("LogLevel") == "DEBUG":
        yield "LogLevel is DEBUG"
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        variables = function.get("Environment", {}).get("Variables", {})
        if variables.get("POWERTOOLS_LOG_LEVEL") != {"Ref": "LogLevel"} or "POWERTOOLS_DEV" in variables:
            yield f"{name} has a level of its own"
