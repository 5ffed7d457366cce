"""SNS: every message is recorded, and goes on to subscribed functions and queues."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.plane.clock import iso_seconds
from cli.plane.ids import Ids
from cli.plane.template.storage import Subscription


@dataclass(frozen=True, slots=True)
class Notification:
    """One published message, and the e-mail addresses it would have gone to."""

    topic_arn: str
    subject: str | None
    message: str
    at: datetime
    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    emails: tuple[str, ...] = ()


class Topics:
    """Every topic's subscriptions. `sent` is what people would have read."""

    def __init__(self, subscriptions: Sequence[Subscription], ids: Ids, send: Callable[[str, Any], None]) -> None:
        self.sent: list[Notification] = []
        self._subscriptions = subscriptions
        self._ids = ids
        self._send = send

    def publish(
        self,
        topic_arn: str,
        message: str,
        subject: str | None,
        at: datetime,
        attributes: Mapping[str, Any] | None = None,
    ) -> Notification:
        """Record the message and deliver it."""
        listeners = [one for one in self._subscriptions if one.topic_arn == topic_arn]
        emails = tuple(one.endpoint for one in listeners if one.protocol.startswith("email"))
        note = Notification(topic_arn, subject, message, at, self._ids.new(), attributes or {}, emails)
        self.sent.append(note)
        for one in listeners:
            if one.protocol == "lambda":
                self._send(one.endpoint, self._lambda_event(note))
            elif one.protocol == "sqs":
                self._send(one.endpoint, message if one.raw else self._envelope(note))
        return note

    def _envelope(self, note: Notification) -> dict[str, Any]:
        return {
            "Type": "Notification",
            "MessageId": note.id,
            "TopicArn": note.topic_arn,
            "Subject": note.subject,
            "Message": note.message,
            "Timestamp": iso_seconds(note.at).replace("Z", ".000Z"),
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertUrl": "EXAMPLE",
            "UnsubscribeUrl": "EXAMPLE",
            "MessageAttributes": dict(note.attributes),
        }

    def _lambda_event(self, note: Notification) -> dict[str, Any]:
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": f"{note.topic_arn}:local",
            "Sns": self._envelope(note),
        }
        return {"Records": [record]}
