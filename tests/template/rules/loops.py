"""No loops: what a function writes never leads back to it, over buckets, rules, queues and logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.template.expand import as_list
from tests.template.rules.registry import Stack, allowed, behind, rule


def edges(stack: Stack) -> dict[str, set[str]]:
    """Every function that what each one writes can start."""
    return {name: _next(stack, f) for name, f in stack.of_type("AWS::Lambda::Function").items()}


@rule
def nothing_a_function_writes_leads_back_to_it(stack: Stack) -> Iterator[str]:
    """Over any number of steps."""
    steps = edges(stack)
    for start in steps:
        reached, frontier = set[str](), {start}
        while frontier:
            frontier = {n for f in frontier for n in steps.get(f, ())} - reached
            reached |= frontier
        if start in reached:
            yield f"{start} can start itself"


@rule
def every_s3_rule_names_the_bucket_and_a_key(stack: Stack) -> Iterator[str]:
    """A rule without them hears every bucket of the account."""
    for name, listener in stack.of_type("AWS::Events::Rule").items():
        pattern = listener.get("EventPattern", {})
        if pattern.get("source") != ["aws.s3"]:
            continue
        detail = pattern.get("detail", {})
        buckets = [behind(b) for b in detail.get("bucket", {}).get("name", [])]
        if not buckets or not set(buckets) <= set(stack.of_type("AWS::S3::Bucket")):
            yield f"{name} hears other buckets"
        heads = [_head(k) for k in detail.get("object", {}).get("key", [])]
        if not heads or not all(heads):
            yield f"{name} hears every key"


def _head(key_filter: Any) -> str:
    """The literal start of a key filter; two filters can match one key only if one head starts the other."""
    if isinstance(key_filter, str):
        return key_filter
    ((kind, text),) = key_filter.items()
    return str(text).split("*")[0] if kind in {"prefix", "wildcard"} else ""


def _written(stack: Stack, function: Any) -> tuple[set[str], set[str]]:
    """Prefixes of the data bucket, and log groups, that the function's role may write."""
    prefixes, groups = set(), set()
    for statement in allowed(stack.role_of(function)):
        for resource in as_list(statement.get("Resource", "*")):
            actions = as_list(statement.get("Action", []))
            if {"s3:PutObject", "s3:*", "*"} & set(actions) and "DataBucket" in str(resource):
                text = str(resource.get("Fn::Sub", "/"))
                prefixes.add(text.partition("/")[2].split("*")[0])
            if "logs:PutLogEvents" in actions:
                groups.add(behind(resource))
    return prefixes, groups


def _readers(stack: Stack, target: Any) -> set[str]:
    """The functions behind a rule's target: itself, or those that read the queue."""
    name = behind(target)
    mappings = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    return {behind(m["FunctionName"]) for m in mappings if behind(m["EventSourceArn"]) == name} or {name}


def _next(stack: Stack, function: Any) -> set[str]:
    prefixes, groups = _written(stack, function)
    started = set()
    for listener in stack.of_type("AWS::Events::Rule").values():
        pattern = listener.get("EventPattern", {})
        if pattern.get("source") == ["aws.s3"]:
            heads = [_head(k) for k in pattern.get("detail", {}).get("object", {}).get("key", [""])]
            if any(h.startswith(p) or p.startswith(h) for h in heads for p in prefixes):
                started |= {f for t in listener["Targets"] for f in _readers(stack, t["Arn"])}
    for subscription in stack.of_type("AWS::Logs::SubscriptionFilter").values():
        if behind(subscription["LogGroupName"]) in groups:
            started.add(behind(subscription["DestinationArn"]))
    return started
