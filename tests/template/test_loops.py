"""No loops: what a function writes never leads back to it, over buckets, rules, queues and logs."""

from typing import Any

from tests.template.expand import as_list, functions, of_type, statements, target_id


def _head(key_filter: Any) -> str:
    """The literal start of a key filter; two filters can match one key only if one head starts the other."""
    if isinstance(key_filter, str):
        return key_filter
    ((_, text),) = key_filter.items()
    return str(text).split("*")[0]


def _written(function: str) -> tuple[set[str], set[str]]:
    """Prefixes of the data bucket, and log groups, that the function's role may write."""
    role = of_type("AWS::IAM::Role")[target_id(functions()[function]["Role"])]
    prefixes, groups = set(), set()
    for statement in statements(role):
        for resource in as_list(statement["Resource"]):
            if "s3:PutObject" in as_list(statement["Action"]) and "DataBucket" in str(resource):
                prefixes.add(resource["Fn::Sub"].split("/", 1)[1].split("*")[0])
            if "logs:PutLogEvents" in as_list(statement["Action"]):
                groups.add(target_id(resource))
    return prefixes, groups


def _readers(target: dict[str, Any]) -> set[str]:
    """The functions behind a rule's target: itself, or those that read the queue."""
    name = target_id(target)
    mappings = of_type("AWS::Lambda::EventSourceMapping").values()
    behind = {target_id(m["FunctionName"]) for m in mappings if target_id(m["EventSourceArn"]) == name}
    return behind or {name}


def _next(function: str) -> set[str]:
    """Every function that what this one writes can start."""
    prefixes, groups = _written(function)
    started = set()
    for rule in of_type("AWS::Events::Rule").values():
        keys = rule.get("EventPattern", {}).get("detail", {}).get("object", {}).get("key", [])
        heads = [_head(k) for k in keys]
        if any(h.startswith(p) or p.startswith(h) for h in heads for p in prefixes):
            started |= {f for t in rule["Targets"] for f in _readers(t["Arn"])}
    for subscription in of_type("AWS::Logs::SubscriptionFilter").values():
        if target_id(subscription["LogGroupName"]) in groups:
            started.add(target_id(subscription["DestinationArn"]))
    return started


def test_nothing_a_function_writes_leads_back_to_it() -> None:
    edges = {name: _next(name) for name in functions()}
    assert edges["BatchFunction"] == {"MonitorFunction"}, "the check sees the edges that are meant"
    assert edges["PredictFunction"] == {"MonitorFunction"}
    for start in edges:
        reached, frontier = set[str](), {start}
        while frontier:
            frontier = {n for f in frontier for n in edges[f]} - reached
            reached |= frontier
        assert start not in reached


def test_every_s3_rule_names_the_bucket_and_a_key() -> None:
    rules = [r["EventPattern"] for r in of_type("AWS::Events::Rule").values() if "EventPattern" in r]
    for pattern in (p for p in rules if p["source"] == ["aws.s3"]):
        assert pattern["detail"]["bucket"] == {"name": [{"Ref": "DataBucket"}]}
        assert all(_head(k) for k in pattern["detail"]["object"]["key"])
