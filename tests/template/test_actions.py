"""Roles allow what functions were seen to do, and what AWS does in their name: nothing is missing, nothing unused.

The two roles that AWS's own services take are held to what follows from their tasks, in rules/services.py, and every
role's use of a key in rules/keys.py.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from cli.plane.stack import LocalStack
from tests.template.expand import as_list, expanded, of_type
from tests.template.recorded import record
from tests.template.rules import Stack
from tests.template.rules.registry import allowed, behind

FUNCTIONS = sorted(of_type("AWS::Lambda::Function"))
READS_A_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def _platform(function: str, stack: Stack) -> Iterator[tuple[str, str]]:
    """What Lambda itself does with the function's role: logs, its queue, its failure destination."""
    group = behind(stack.of_type("AWS::Lambda::Function")[function]["LoggingConfig"]["LogGroup"])
    yield from ((action, group) for action in ("logs:CreateLogStream", "logs:PutLogEvents"))
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        if behind(mapping["FunctionName"]) == function:
            yield from ((action, behind(mapping["EventSourceArn"])) for action in READS_A_QUEUE)
    for config in stack.of_type("AWS::Lambda::EventInvokeConfig").values():
        if behind(config["FunctionName"]) == function:
            yield "sqs:SendMessage", behind(config["DestinationConfig"]["OnFailure"]["Destination"])


def _arn(resource: dict[str, Any], stack: LocalStack) -> str:
    """A policy's resource as an ARN; of log groups and queues, whose ARNs are AWS's, the logical id."""
    account = stack.template.account
    if behind(resource) in {*stack.template.buckets, "NotificationTopic"} or "AWS::" in str(resource):
        names = {f"${{{b}.Arn}}": f"arn:aws:s3:::{stack.bucket(b)}" for b in stack.template.buckets}
        names |= {"${AWS::Partition}": "aws", "${AWS::Region}": account.region, "${AWS::StackName}": "scorelet"}
        names |= {"${AWS::AccountId}": account.account_id}
        text = resource.get("Fn::Sub", f"${{{behind(resource)}.Arn}}")
        if behind(resource) == "NotificationTopic":
            text = stack.template.topics["NotificationTopic"].arn
        for name, value in names.items():
            text = text.replace(name, value)
        return str(text)
    return behind(resource)


def _permissions(function: str, plane: LocalStack) -> set[tuple[str, str]]:
    stack = Stack.of(expanded(Rollback="on"), Rollback="on")
    role = stack.role_of(stack.of_type("AWS::Lambda::Function")[function])
    return {
        (action, _arn(resource, plane))
        for statement in allowed(role)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def _covers(permission: tuple[str, str], need: tuple[str, str]) -> bool:
    return permission[0] == need[0] and fnmatchcase(need[1], permission[1])


def test_roles_allow_what_their_functions_do_and_no_more() -> None:
    needs, plane = record()
    assert set(needs) == set(FUNCTIONS)
    for function in FUNCTIONS:
        permissions = _permissions(function, plane)
        wanted = needs[function] | set(_platform(function, Stack.of(expanded())))
        missing = {need for need in wanted if not any(_covers(p, need) for p in permissions)}
        unused = {p for p in permissions if not any(_covers(p, need) for need in wanted)}
        assert (missing, unused) == (set(), set()), function


def test_every_role_is_compared_with_what_it_is_needed_for() -> None:
    stack = Stack.of(expanded())
    recorded = {behind(stack.of_type("AWS::Lambda::Function")[f]["Role"]) for f in FUNCTIONS}
    derived = {behind(m["RoleArn"]) for m in stack.of_type("AWS::StepFunctions::StateMachine").values()}
    derived |= {behind(g["ServiceRoleArn"]) for g in stack.of_type("AWS::CodeDeploy::DeploymentGroup").values()}
    assert recorded | derived == set(stack.of_type("AWS::IAM::Role"))
