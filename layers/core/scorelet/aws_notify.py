"""Notifications through SNS. boto3 honours AWS_ENDPOINT_URL, so the same code talks to the local stack."""

from __future__ import annotations

import boto3


class SnsTopic:
    """One topic; whoever subscribes to it is told."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._client = boto3.client("sns", region_name=arn.split(":")[3])

    def send(self, subject: str, body: str) -> None:
        """Publish one message: a subject of at most 100 printable ASCII characters, a body of at most 256 KB."""
        self._client.publish(TopicArn=self._arn, Subject=subject, Message=body)
