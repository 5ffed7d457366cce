"""CodeDeploy's call of a hook."""

import pytest
from scorelet.errors import EventError
from scorelet.events.deployment import HookCall, hook_call

from tests.events import load_event


def test_a_call_names_the_deployment_and_itself():
    assert hook_call(load_event("codedeploy_pretraffic")) == HookCall(
        "d-A1B2C3D4E", "eyJlbmNyeXB0ZWREYXRhIjoiZXhhbXBsZSJ9"
    )


@pytest.mark.parametrize("name", ["DeploymentId", "LifecycleEventHookExecutionId"])
def test_what_is_missing_is_named(name):
    event = load_event("codedeploy_pretraffic")
    del event[name]
    with pytest.raises(EventError, match=name):
        hook_call(event)
