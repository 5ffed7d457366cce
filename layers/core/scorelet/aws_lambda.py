"""Call one version of a function and wait for its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scorelet.errors import RehearsalFailed

# predict has 10 seconds to start and 10 to answer
_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 2})
CALL_SECONDS = 75
"""A call has an end: two attempts, and the pause between them."""


class FunctionVersion:
    """A function at one version, by its ARN."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._client = boto3.client("lambda", config=_CONFIG)

    def ask(self, event: Mapping[str, Any]) -> Any:
        """The function's answer; raises RehearsalFailed, which never quotes what was sent or answered."""
        try:
            answer = self._client.invoke(FunctionName=self._arn, Payload=json.dumps(event).encode())
        except ClientError as error:
            raise RehearsalFailed(f"the call was refused: {error.response['Error']['Code']}") from error
        except BotoCoreError as error:
            raise RehearsalFailed(f"the call did not come through: {type(error).__name__}") from error
        content = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise RehearsalFailed(f"the function failed: {content.get('errorType', answer['FunctionError'])}")
        return content
