"""Lambda functions, the queues they read, and what happens to asynchronous calls that fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.plane.errors import TemplateError
from cli.plane.template.load import LOCAL_CODE
from cli.plane.template.resolve import Resource


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function: what to load, and the world it finds itself in."""

    logical_id: str
    name: str
    arn: str
    handler: str
    code_dir: Path
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    log_group: str
    dead_letter_arn: str | None = None

    @classmethod
    def read(cls, resource: Resource, root: Path) -> Function:
        """From an AWS::Lambda::Function whose code is a folder beside the template."""
        p = resource.properties
        code = p.get("Code", {})
        if code.get("S3Bucket") != LOCAL_CODE:
            raise TemplateError(f"{resource.logical_id} has no local folder in CodeUri.")
        variables = p.get("Environment", {}).get("Variables", {})
        return cls(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn,
            handler=p["Handler"],
            code_dir=root / code["S3Key"],
            environment={name: _env(value) for name, value in variables.items()},
            timeout_seconds=int(p.get("Timeout", 3)),
            memory_mb=int(p.get("MemorySize", 128)),
            log_group=p.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{resource.name}"),
            dead_letter_arn=p.get("DeadLetterConfig", {}).get("TargetArn"),
        )


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """An event source mapping: a queue whose messages go to a function in batches."""

    queue_arn: str
    function_name: str
    batch_size: int = 10
    reports_item_failures: bool = False
    patterns: tuple[str, ...] = field(default=())

    @classmethod
    def read(cls, resource: Resource) -> QueueTrigger:
        """From an AWS::Lambda::EventSourceMapping on an SQS queue."""
        p = resource.properties
        if ":sqs:" not in p.get("EventSourceArn", ""):
            raise TemplateError(f"{resource.logical_id}: the plane reads event source mappings of SQS queues only.")
        filters = p.get("FilterCriteria", {}).get("Filters", [])
        return cls(
            queue_arn=p["EventSourceArn"],
            function_name=function_name(p["FunctionName"]),
            batch_size=int(p.get("BatchSize", 10)),
            reports_item_failures="ReportBatchItemFailures" in p.get("FunctionResponseTypes", []),
            patterns=tuple(one["Pattern"] for one in filters),
        )


@dataclass(frozen=True, slots=True)
class AsyncPolicy:
    """How often a failed asynchronous call is repeated, and who gets it when it never succeeds."""

    function_name: str
    max_retries: int = 2
    max_age_seconds: int = 21600
    on_failure_arn: str | None = None

    @classmethod
    def read(cls, resource: Resource) -> AsyncPolicy:
        """From an AWS::Lambda::EventInvokeConfig."""
        p = resource.properties
        return cls(
            function_name=function_name(p["FunctionName"]),
            max_retries=int(p.get("MaximumRetryAttempts", 2)),
            max_age_seconds=int(p.get("MaximumEventAgeInSeconds", 21600)),
            on_failure_arn=p.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
        )


def function_name(reference: str) -> str:
    """A function's name from a name or an ARN, with or without alias or version.

    >>> function_name("arn:aws:lambda:us-east-1:1:function:predict:live"), function_name("predict")
    ('predict', 'predict')
    """
    return reference.split(":")[6] if reference.startswith("arn:") else reference.split(":", maxsplit=1)[0]


def _env(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
