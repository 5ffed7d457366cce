"""Buckets, queues and topics: what holds things."""

from __future__ import annotations

import json
from dataclasses import dataclass

from cli.plane.template.resolve import Resource


@dataclass(frozen=True, slots=True)
class Bucket:
    """One S3 bucket."""

    logical_id: str
    name: str
    versioned: bool
    tells_eventbridge: bool

    @classmethod
    def read(cls, resource: Resource) -> Bucket:
        """From an AWS::S3::Bucket."""
        p = resource.properties
        bridge = p.get("NotificationConfiguration", {}).get("EventBridgeConfiguration")
        told = bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true"
        versioned = p.get("VersioningConfiguration", {}).get("Status") == "Enabled"
        return cls(resource.logical_id, resource.name, versioned, told)


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """One SQS queue and where its poison messages go."""

    logical_id: str
    name: str
    arn: str
    visibility_seconds: int = 30
    retention_seconds: int = 345600
    delay_seconds: int = 0
    dead_letter_arn: str | None = None
    max_receives: int | None = None

    @classmethod
    def read(cls, resource: Resource) -> QueueSpec:
        """From an AWS::SQS::Queue."""
        p = resource.properties
        redrive = p.get("RedrivePolicy", {})
        if isinstance(redrive, str):
            redrive = json.loads(redrive)
        receives = redrive.get("maxReceiveCount")
        return cls(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn,
            visibility_seconds=int(p.get("VisibilityTimeout", 30)),
            retention_seconds=int(p.get("MessageRetentionPeriod", 345600)),
            delay_seconds=int(p.get("DelaySeconds", 0)),
            dead_letter_arn=redrive.get("deadLetterTargetArn"),
            max_receives=None if receives is None else int(receives),
        )


@dataclass(frozen=True, slots=True)
class Topic:
    """One SNS topic."""

    logical_id: str
    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who listens to a topic. Lambda and SQS are delivered to; every other protocol is only recorded."""

    topic_arn: str
    protocol: str
    endpoint: str
    raw: bool = False

    @classmethod
    def read_all(cls, resource: Resource) -> list[Subscription]:
        """From an AWS::SNS::Subscription, or from the list inside an AWS::SNS::Topic."""
        p = resource.properties
        if resource.kind == "AWS::SNS::Topic":
            return [cls(resource.arn, one["Protocol"], one["Endpoint"]) for one in p.get("Subscription", [])]
        raw = str(p.get("RawMessageDelivery", False)).lower() == "true"
        return [cls(p["TopicArn"], p["Protocol"], p.get("Endpoint", ""), raw)]
