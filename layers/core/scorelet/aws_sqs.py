"""Messages into an SQS queue. boto3 honours AWS_ENDPOINT_URL, so the same code talks to the local stack."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_MOST = 10  # messages that SQS takes at once; ten announcements are far below its limit of 256 KiB


@cache  # only those who send pay for it
def sqs_client() -> Any:
    """The client for the environment's region, credentials and AWS_ENDPOINT_URL, with botocore's standard retries."""
    return boto3.client("sqs", config=Config(retries={"mode": "standard", "max_attempts": 4}))


class NotQueued(OSError):
    """SQS took a part of the messages only."""


class SqsQueue:
    """One queue, by its URL."""

    def __init__(self, url: str, client: Any = None) -> None:
        self._url = url
        self._given = client

    def send(self, bodies: Sequence[str]) -> None:
        """Send every message; raises NotQueued, or botocore's own errors. Then some may have been sent."""
        client = self._given or sqs_client()
        for start in range(0, len(bodies), _MOST):
            entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies[start : start + _MOST])]
            answer = client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise NotQueued(
                    f"{len(answer['Failed'])} of {len(entries)} messages: {answer['Failed'][0].get('Code')}"
                )
