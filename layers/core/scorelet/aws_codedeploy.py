"""Answer a deployment that waits for a hook."""

from __future__ import annotations

from typing import Literal

import boto3
from botocore.config import Config

from scorelet.events.deployment import HookCall

Status = Literal["Succeeded", "Failed"]


def report(call: HookCall, status: Status) -> None:
    """Tell CodeDeploy; an answer that it has already been given stands, and is no error."""
    client = boto3.client("codedeploy", config=Config(retries={"mode": "standard", "max_attempts": 5}))
    try:
        client.put_lifecycle_event_hook_execution_status(
            deploymentId=call.deployment_id, lifecycleEventHookExecutionId=call.execution_id, status=status
        )
    except client.exceptions.LifecycleEventAlreadyCompletedException:
        return
