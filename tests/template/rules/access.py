"""Roles: named actions on named things, one role for each function."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.template.expand import as_list
from tests.template.rules.registry import Stack, allowed, behind, rule
from tests.template.rules.services import DELIVERY, TRACING

# bucket-wide on purpose: without it S3 answers 403 instead of 404 for what does not exist
WHOLE_BUCKET = {"s3:ListBucket"}
# these are asked of a bucket, so a condition names the prefix
BY_CONDITION = {"s3:ListBucketVersions"}
PREFIX = re.compile(r"\$\{(Model|Data)Bucket\.Arn\}/[a-z]+/.*")
# IAM knows no resource for how a state machine comes to its log group and leaves its traces
NO_RESOURCE = DELIVERY | TRACING
TRUSTED = {f"{service}.amazonaws.com" for service in ("lambda", "states", "codedeploy")}
USERS = {
    "AWS::Lambda::Function": "Role",
    "AWS::StepFunctions::StateMachine": "RoleArn",
    "AWS::CodeDeploy::DeploymentGroup": "ServiceRoleArn",
}


@rule
def roles_allow_named_actions_only(stack: Stack) -> Iterator[str]:
    """No wildcard, no `everything but`."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for statement in allowed(role):
            if statement["Effect"] != "Allow" or {"NotAction", "NotResource"} & set(statement):
                yield f"{name} says what is denied or excepted, not what is allowed"
            for action in as_list(statement.get("Action", [])):
                if not re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action):
                    yield f"{name} allows {action}"


@rule
def roles_reach_named_resources_only(stack: Stack) -> Iterator[str]:
    """Except for the actions that know no resource."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for statement in allowed(role):
            actions = set(as_list(statement.get("Action", [])))
            if actions <= NO_RESOURCE and "states." in str(role["AssumeRolePolicyDocument"]):
                continue
            if any(_is_everything(r) for r in as_list(statement.get("Resource", "*"))):
                yield f"{name} allows {sorted(actions)} on everything"


def _is_everything(resource: Any) -> bool:
    text = as_list(resource["Fn::Sub"])[0] if isinstance(resource, dict) and "Fn::Sub" in resource else str(resource)
    return text == "*" or text.startswith("arn:aws:s3:::*") or text.endswith(":*:*")


@rule
def objects_are_reached_by_prefix(stack: Stack) -> Iterator[str]:
    """Never a whole bucket."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for statement in allowed(role):
            excepted = WHOLE_BUCKET | (BY_CONDITION if _names_prefix(statement) else set())
            for action in set(as_list(statement.get("Action", []))) - excepted:
                for resource in as_list(statement.get("Resource", "*")) if action.startswith("s3:") else []:
                    if not isinstance(resource, dict) or not PREFIX.fullmatch(str(resource.get("Fn::Sub", ""))):
                        yield f"{name}: {action} reaches a whole bucket"


def _names_prefix(statement: Any) -> bool:
    prefix = statement.get("Condition", {}).get("StringEquals", {}).get("s3:prefix")
    return isinstance(prefix, str) and re.fullmatch("[a-z]+/", prefix) is not None


@rule
def no_managed_policy_widens_a_role(stack: Stack) -> Iterator[str]:
    """What a role may do stands in the template."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name} has managed policies"
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        yield from (f"{name} stands outside its role" for name in stack.of_type(kind))


@rule
def one_service_may_take_a_role(stack: Stack) -> Iterator[str]:
    """And no account or person."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        trust = role["AssumeRolePolicyDocument"]["Statement"]
        principals = [s["Principal"] for s in trust]
        if len(trust) != 1 or set(principals[0]) != {"Service"} or principals[0]["Service"] not in TRUSTED:
            yield f"{name} may be taken by {principals}"


@rule
def every_role_has_one_user(stack: Stack) -> Iterator[str]:
    """Each function has a role of its own, and none is left over."""
    users = [behind(p.get(key)) for kind, key in USERS.items() for p in stack.of_type(kind).values()]
    for name, count in Counter(users).items():
        if count > 1 or name not in stack.of_type("AWS::IAM::Role"):
            yield f"the role {name or 'of another stack'} has {count} users"
    yield from (f"{name} is used by nobody" for name in stack.of_type("AWS::IAM::Role") if name not in users)


@rule
def aliases_of_models_are_written_only_with_rollback_on(stack: Stack) -> Iterator[str]:
    """The one door by which a function could change what is served."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for statement in allowed(role):
            writes = "s3:PutObject" in as_list(statement.get("Action", [])) and "ModelBucket" in str(statement)
            on_aliases = statement.get("Resource") == {"Fn::Sub": "${ModelBucket.Arn}/models/*/aliases/*"}
            if writes and not (stack.values["Rollback"] == "on" and on_aliases):
                yield f"{name} writes models"


@rule
def no_secret_stands_in_an_environment(stack: Stack) -> Iterator[str]:
    """Roles bring credentials; nothing else is secret."""
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        for key, value in function.get("Environment", {}).get("Variables", {}).items():
            if re.search(r"SECRET|PASSWORD|TOKEN|ACCESS_KEY|PRIVATE", key) or re.search(r"AKIA\w{16}", str(value)):
                yield f"{name} has a secret in {key}"
