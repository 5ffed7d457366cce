"""How CodeDeploy calls a hook: with the names of the deployment and of this call, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorelet.errors import EventError


@dataclass(frozen=True, slots=True)
class HookCall:
    """One question of a deployment; both names are needed to answer it."""

    deployment_id: str
    execution_id: str


def hook_call(event: Mapping[str, Any]) -> HookCall:
    """Read the event; raises EventError."""
    try:
        return HookCall(str(event["DeploymentId"]), str(event["LifecycleEventHookExecutionId"]))
    except KeyError as error:
        raise EventError(f"not a call of CodeDeploy: it has no {error.args[0]}") from error
