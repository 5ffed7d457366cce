"""The stack's queues for clients: `aws sqs` and boto3 see the same messages as the plane."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cli.plane.calls import AwsCall
from cli.plane.clock import Clock
from cli.plane.queues import Queue, lambda_record
from cli.plane.tap import Fault

Request = dict[str, Any]


class SqsApi:
    """The part of SQS that a person with a queue needs; everything else is refused by name."""

    def __init__(self, queues: Mapping[str, Queue], clock: Clock, account_id: str, region: str) -> None:
        self._queues = {queue.spec.name: queue for queue in queues.values()}
        self._clock = clock
        self._root = f"https://sqs.{region}.amazonaws.com/{account_id}"
        self._region = region
        self._operations: dict[str, Callable[[Queue, Request, datetime], Any]] = {
            "GetQueueUrl": lambda queue, _request, _now: {"QueueUrl": f"{self._root}/{queue.spec.name}"},
            "GetQueueAttributes": self._attributes,
            "SendMessage": self._send,
            "SendMessageBatch": lambda queue, request, now: {
                "Successful": [{"Id": one["Id"], **self._send(queue, one, now)} for one in request["Entries"]]
            },
            "ReceiveMessage": self._receive,
            "DeleteMessage": lambda queue, request, _now: queue.delete(request["ReceiptHandle"]),
            "ChangeMessageVisibility": lambda queue, request, now: queue.change_visibility(
                request["ReceiptHandle"], int(request["VisibilityTimeout"]), now
            ),
            "StartMessageMoveTask": self._move,
            "PurgeQueue": lambda queue, _request, _now: queue.messages.clear(),
        }

    def answer(self, call: AwsCall) -> bytes | None:
        """The answer's body, or None for a call to another service; raises Fault."""
        if call.service != "sqs":
            return None
        if call.operation == "ListQueues":
            return json.dumps({"QueueUrls": [f"{self._root}/{name}" for name in sorted(self._queues)]}).encode()
        request = json.loads(call.body or b"{}")
        named = request.get("QueueName") or request.get("QueueUrl") or request.get("SourceArn") or ""
        name = re.split("[/:]", str(named))[-1]
        if name not in self._queues:
            raise Fault(400, "com.amazonaws.sqs#QueueDoesNotExist", f"The stack has no queue {name}")
        if call.operation not in self._operations:
            raise Fault(400, "com.amazonaws.sqs#UnsupportedOperation", f"The plane does not do {call.operation}")
        result = self._operations[call.operation](self._queues[name], request, self._clock.now())
        return json.dumps(result or {}).encode()

    def _attributes(self, queue: Queue, _request: Request, now: datetime) -> Request:
        attributes = {
            "QueueArn": queue.spec.arn,
            "ApproximateNumberOfMessages": queue.visible(now),
            "ApproximateNumberOfMessagesNotVisible": queue.in_flight(now),
            "VisibilityTimeout": queue.spec.visibility_seconds,
            "MessageRetentionPeriod": queue.spec.retention_seconds,
        }
        return {"Attributes": {name: str(value) for name, value in attributes.items()}}

    def _send(self, queue: Queue, request: Request, now: datetime) -> Request:
        body = request["MessageBody"]
        sent = queue.send(body, now, delay=request.get("DelaySeconds"))
        return {"MessageId": sent, "MD5OfMessageBody": _md5(body)}

    def _receive(self, queue: Queue, request: Request, now: datetime) -> Request:
        """Answers at once: waiting would stop the clock that the messages wait for."""
        taken = queue.receive(int(request.get("MaxNumberOfMessages", 1)), now, request.get("VisibilityTimeout"))
        messages = [
            {
                "MessageId": message.id,
                "ReceiptHandle": message.receipt,
                "Body": message.body,
                "MD5OfBody": _md5(message.body),
                "Attributes": lambda_record(message, queue, self._region)["attributes"],
            }
            for message in taken
        ]
        return {"Messages": messages} if messages else {}

    def _move(self, queue: Queue, request: Request, now: datetime) -> Request:
        """Done at once. Without a destination, AWS sends each message back to where it came from; this does not."""
        found = [one for one in self._queues.values() if one.spec.arn == request.get("DestinationArn")]
        if not found:
            raise Fault(400, "com.amazonaws.sqs#UnsupportedOperation", "The plane moves messages to a named queue only")
        for message in queue.receive(len(queue.messages), now):
            found[0].send(message.body, now)
            queue.delete(message.receipt)
        return {"TaskHandle": self._root}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
