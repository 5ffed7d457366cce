"""What CloudFormation and Lambda would refuse, or run in a way nobody meant."""

from __future__ import annotations

from collections.abc import Iterator

from tests.template.expand import as_list
from tests.template.rules.registry import Stack, references, rule

RUNTIME = "python3.13"


@rule
def resources_refer_to_each_other_in_no_circle(stack: Stack) -> Iterator[str]:
    """CloudFormation refuses one; update policies count as well."""
    needs = {}
    for name, resource in stack.resources.items():
        named = references([resource.get("Properties"), resource.get("UpdatePolicy")])
        needs[name] = (named | set(as_list(resource.get("DependsOn", [])))) & set(stack.resources)
    while ready := [name for name, on in needs.items() if not on & set(needs)]:
        for name in ready:
            del needs[name]
    if needs:
        yield f"a circle among {sorted(needs)}"


@rule
def references_lead_somewhere(stack: Stack) -> Iterator[str]:
    """To a resource or a parameter."""
    known = set(stack.resources) | set(stack.values)
    for name, resource in stack.resources.items():
        lost = {r for r in references(resource) if not r.startswith(("AWS::", "__"))} - known
        yield from (f"{name} refers to {r}" for r in sorted(lost - {"ConfigName", "Key"}))


@rule
def functions_share_one_supported_runtime(stack: Stack) -> Iterator[str]:
    """The one that the layers are built and tested for."""
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        if (function.get("Runtime"), function.get("Handler")) != (RUNTIME, "app.handler"):
            yield f"{name} runs {function.get('Handler')} on {function.get('Runtime')}"
        if function.get("Architectures") != [{"Ref": "Architecture"}]:
            yield f"{name} is built for another processor than its layers"


@rule
def functions_end(stack: Stack) -> Iterator[str]:
    """Each has a time limit of its own, and the one behind the API ends before the API's 30 seconds do."""
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        most = 29 if name == "PredictFunction" else 900
        if not 1 <= function.get("Timeout", 0) <= most:
            yield f"{name} may run for {function.get('Timeout')} s"


@rule
def layers_are_ours(stack: Stack) -> Iterator[str]:
    """Code from another account's layer runs with the function's role."""
    layers = stack.of_type("AWS::Lambda::LayerVersion")
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        if any(not isinstance(layer, dict) or layer.get("Ref") not in layers for layer in function.get("Layers", [])):
            yield f"{name} has a layer from elsewhere"
    yield from (f"{n} lets other accounts use a layer" for n in stack.of_type("AWS::Lambda::LayerVersionPermission"))


@rule
def versions_stay_to_be_rolled_back_to(stack: Stack) -> Iterator[str]:
    """Whether other code took the place of one, or another value of a parameter."""
    for name, resource in stack.resources.items():
        kept = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        if resource["Type"] == "AWS::Lambda::Version" and kept != ("Retain", "Retain"):
            yield f"{name} goes when another takes its place"
