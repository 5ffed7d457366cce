"""EventBridge rules and schedules, log groups and their subscription filters: what makes things happen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.plane.template.resolve import Resource


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rule sends its events; `fixed_input` is a constant that takes the event's place."""

    arn: str
    fixed_input: Any = None
    dead_letter_arn: str | None = None
    max_retries: int | None = None
    unsupported: tuple[str, ...] = ()

    @classmethod
    def read(cls, p: Mapping[str, Any]) -> Target:
        """From one target of a rule or schedule."""
        retries = p.get("RetryPolicy", {}).get("MaximumRetryAttempts")
        text = p.get("Input")
        return cls(
            arn=p["Arn"],
            fixed_input=None if text is None else json.loads(text),
            dead_letter_arn=p.get("DeadLetterConfig", {}).get("Arn"),
            max_retries=None if retries is None else int(retries),
            unsupported=tuple(sorted({"InputPath", "InputTransformer"} & set(p))),
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the event bus: a pattern, or a schedule, and its targets."""

    logical_id: str
    name: str
    arn: str
    bus: str
    pattern: Mapping[str, Any] | None
    schedule: str | None
    targets: tuple[Target, ...]
    enabled: bool = True
    source: str = "aws.events"

    @classmethod
    def read(cls, resource: Resource) -> Rule:
        """From an AWS::Events::Rule."""
        p = resource.properties
        return cls(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn,
            bus=str(p.get("EventBusName", "default")).rsplit("/", 1)[-1],
            pattern=p.get("EventPattern"),
            schedule=p.get("ScheduleExpression"),
            targets=tuple(Target.read(one) for one in p.get("Targets", [])),
            enabled=p.get("State", "ENABLED") != "DISABLED",
        )

    @classmethod
    def read_schedule(cls, resource: Resource) -> Rule:
        """From an AWS::Scheduler::Schedule, which is a rule with one target and another source name."""
        p = resource.properties
        return cls(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn,
            bus="default",
            pattern=None,
            schedule=p["ScheduleExpression"],
            targets=(Target.read(p["Target"]),),
            enabled=p.get("State", "ENABLED") != "DISABLED",
            source="aws.scheduler",
        )


@dataclass(frozen=True, slots=True)
class LogSubscription:
    """A subscription filter: the lines of a log group that go to a function."""

    name: str
    log_group: str
    pattern: str
    destination_arn: str

    @classmethod
    def read(cls, resource: Resource) -> LogSubscription:
        """From an AWS::Logs::SubscriptionFilter."""
        p = resource.properties
        name = p.get("FilterName", resource.name)
        return cls(name, p["LogGroupName"], p.get("FilterPattern", ""), p["DestinationArn"])
