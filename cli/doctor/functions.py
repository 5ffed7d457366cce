"""The deployed functions: their layers fit, they are healthy, and predict's log reaches monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.doctor.findings import Finding, fail, ok
from cli.target import Target

FUNCTIONS = ("PredictFunction", "BatchFunction", "MonitorFunction", "AlertFunction")  # outputs of template.yaml
DEPLOY = "Run `make build` and `sam deploy` again, with the same Architecture for both."


def outputs(target: Target) -> dict[str, str]:
    """The stack's outputs: the functions' names are among them."""
    (stack,) = target.client("cloudformation").describe_stacks(StackName=target.stack)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}


def configuration(target: Target, name: str) -> dict[str, Any]:
    """What Lambda says of the function."""
    return dict(target.client("lambda").get_function_configuration(FunctionName=name))


def function(target: Target, label: str, found: Mapping[str, Any]) -> Finding:
    """It is active, and its layers are for its processor."""
    (processor,) = found.get("Architectures", ["x86_64"])
    state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
    if state not in ("Active", "Inactive") or update == "Failed":
        return fail(
            label, f"state {state}, last update {update}", found.get("StateReason") or "Look at its last deploy."
        )
    client, layers = target.client("lambda"), [layer["Arn"] for layer in found.get("Layers", [])]
    for arn in layers:
        layer, _, version = arn.rpartition(":")
        found_layer = client.get_layer_version(LayerName=layer, VersionNumber=int(version))
        fits = found_layer.get("CompatibleArchitectures", [])
        if fits and processor not in fits:
            return fail(label, f"runs on {processor}, its layer {arn} on {', '.join(fits)}", DEPLOY)
    megabytes = (found["CodeSize"] + sum(layer["CodeSize"] for layer in found.get("Layers", []))) / 1e6
    return ok(label, f"{processor}, {len(layers)} layers, {found['MemorySize']} MB memory, {megabytes:.0f} MB zipped")


def subscription(target: Target, predict: Mapping[str, Any], monitor: Mapping[str, Any]) -> Finding:
    """CloudWatch Logs hands predict's lines to monitor; without it drift of the API's traffic is never seen."""
    group = predict.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{predict['FunctionName']}"
    filters = target.client("logs").describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    if any(f["destinationArn"].startswith(monitor["FunctionArn"]) for f in filters):
        return ok("log subscription", f"{group} goes to {monitor['FunctionName']}")
    return fail("log subscription", f"nothing hands {group} to {monitor['FunctionName']}", DEPLOY)
