"""A queue as SQS keeps it: visibility, receive counts, dead letters, retention; on the given time only."""

from __future__ import annotations

import hashlib
import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cli.plane.clock import epoch_ms
from cli.plane.ids import Ids
from cli.plane.template.storage import QueueSpec


@dataclass(slots=True)
class Message:
    """One message and its history. `visible_at` in the future means delayed or in flight."""

    id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    attributes: dict[str, Any] = field(default_factory=dict)
    receives: int = 0
    first_received_at: datetime | None = None
    receipt: str = ""


class Queue:
    """A standard queue."""

    def __init__(self, spec: QueueSpec, ids: Ids) -> None:
        self.spec = spec
        self.messages: list[Message] = []
        self.dead_letters: Queue | None = None
        self._ids = ids
        self._lock = threading.RLock()  # clients reach a queue from the endpoint's threads

    def send(self, body: str, now: datetime, attributes: dict[str, Any] | None = None, delay: int | None = None) -> str:
        """Add a message; returns its id."""
        seconds = self.spec.delay_seconds if delay is None else delay
        message = Message(self._ids.new(), body, now, now + timedelta(seconds=seconds), attributes or {})
        with self._lock:
            self.messages.append(message)
        return message.id

    def receive(self, most: int, now: datetime, visibility: int | None = None) -> list[Message]:
        """Up to `most` visible messages, hidden from others until the visibility timeout.

        A message that was already received `max_receives` times goes to the dead-letter queue instead.
        """
        hidden = timedelta(seconds=self.spec.visibility_seconds if visibility is None else visibility)
        taken: list[Message] = []
        with self._lock:
            self._forget_old(now)
            for message in [one for one in self.messages if one.visible_at <= now]:
                if len(taken) == most:
                    break
                if self._is_poison(message):
                    self._bury(message, now)
                else:
                    self._take(message, now, now + hidden)
                    taken.append(message)
        return taken

    def delete(self, receipt: str) -> None:
        """Remove the message of this receipt; an old receipt of a message received again does nothing."""
        with self._lock:
            self.messages = [one for one in self.messages if one.receipt != receipt or not receipt]

    def change_visibility(self, receipt: str, seconds: int, now: datetime) -> None:
        """Hide the message for another time, or show it at once with 0."""
        for message in self.messages:
            if receipt and message.receipt == receipt:
                message.visible_at = now + timedelta(seconds=seconds)

    def shuffle(self, rng: random.Random) -> None:
        """Standard queues promise no order: mix it."""
        rng.shuffle(self.messages)

    def bodies(self) -> list[str]:
        """Every message's body, in flight or not."""
        return [message.body for message in self.messages]

    def visible(self, now: datetime) -> int:
        """ApproximateNumberOfMessagesVisible."""
        return sum(message.visible_at <= now for message in self.messages)

    def in_flight(self, now: datetime) -> int:
        """ApproximateNumberOfMessagesNotVisible, delayed ones included."""
        return len(self.messages) - self.visible(now)

    def oldest_age_seconds(self, now: datetime) -> float:
        """ApproximateAgeOfOldestMessage; 0 for an empty queue."""
        return max(((now - message.sent_at).total_seconds() for message in self.messages), default=0.0)

    def next_due(self, after: datetime) -> datetime | None:
        """When the next hidden message becomes visible."""
        return min((one.visible_at for one in self.messages if one.visible_at > after), default=None)

    def _take(self, message: Message, now: datetime, until: datetime) -> None:
        message.visible_at = until
        message.receives += 1
        message.first_received_at = message.first_received_at or now
        message.receipt = self._ids.new()

    def _is_poison(self, message: Message) -> bool:
        limit = self.spec.max_receives
        return self.dead_letters is not None and limit is not None and message.receives >= limit

    def _bury(self, message: Message, now: datetime) -> None:
        self.messages.remove(message)
        if self.dead_letters is not None:
            # SQS keeps the id and the send time on the way to a dead-letter queue
            attributes = {**message.attributes, "DeadLetterQueueSourceArn": self.spec.arn}
            moved = Message(message.id, message.body, message.sent_at, now, attributes, message.receives)
            self.dead_letters.messages.append(moved)

    def _forget_old(self, now: datetime) -> None:
        oldest = now - timedelta(seconds=self.spec.retention_seconds)
        self.messages = [one for one in self.messages if one.sent_at > oldest]


def lambda_record(message: Message, queue: Queue, region: str) -> dict[str, Any]:
    """The message as a Lambda event carries it."""
    first = message.first_received_at or message.sent_at
    attributes = {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(epoch_ms(message.sent_at)),
        "SenderId": "AIDALOCAL",
        "ApproximateFirstReceiveTimestamp": str(epoch_ms(first)),
    }
    if "DeadLetterQueueSourceArn" in message.attributes:
        attributes["DeadLetterQueueSourceArn"] = message.attributes["DeadLetterQueueSourceArn"]
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.spec.arn,
        "awsRegion": region,
    }
