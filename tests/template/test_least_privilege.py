"""Roles allow named actions on named things, and no role but our own is used."""

import re
from typing import Any

import pytest

from tests.template.expand import as_list, functions, of_type, statements, target_id

ROLES = of_type("AWS::IAM::Role", Rollback="on")

# bucket-wide on purpose: without it S3 answers 403 instead of 404 for what does not exist
WHOLE_BUCKET = {"s3:ListBucket"}

# how a state machine comes to its log group; IAM knows no resource for these
LOG_DELIVERY = {f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")}
LOG_DELIVERY |= {"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"}
LOG_DELIVERY |= {"logs:DescribeLogGroups"}

SERVICES = {"DeploymentRole": "codedeploy", "BatchMachineRole": "states"}


@pytest.mark.parametrize("name", sorted(ROLES))
def test_actions_are_named_and_allowed_on_named_resources(name: str) -> None:
    for statement in statements(ROLES[name]):
        assert statement["Effect"] == "Allow"
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", a) for a in as_list(statement["Action"]))
        if name == "BatchMachineRole" and set(as_list(statement["Action"])) == LOG_DELIVERY:
            continue
        assert "*" not in as_list(statement["Resource"])


@pytest.mark.parametrize("name", sorted(ROLES))
def test_objects_are_reached_by_prefix_only(name: str) -> None:
    for statement in statements(ROLES[name]):
        for action in as_list(statement["Action"]):
            if action.startswith("s3:") and action not in WHOLE_BUCKET:
                assert all(_has_prefix(r) for r in as_list(statement["Resource"])), f"{action} reaches a whole bucket"


def _has_prefix(resource: dict[str, Any]) -> bool:
    return bool(re.fullmatch(r"\$\{(Model|Data)Bucket\.Arn\}/[a-z]+/.*", resource.get("Fn::Sub", "")))


@pytest.mark.parametrize("name", sorted(ROLES))
def test_one_service_may_take_the_role_and_no_managed_policy_widens_it(name: str) -> None:
    assert "ManagedPolicyArns" not in ROLES[name]
    (trust,) = ROLES[name]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": f"{SERVICES.get(name, 'lambda')}.amazonaws.com"}


def test_each_function_has_a_role_of_its_own() -> None:
    used = [target_id(f["Role"]) for f in functions().values()]
    assert sorted([*used, *SERVICES]) == sorted(ROLES)


def test_the_state_machine_may_call_one_function_and_read_its_lists() -> None:
    allowed = {a: s["Resource"] for s in statements(ROLES["BatchMachineRole"]) for a in as_list(s["Action"])}
    assert allowed["lambda:InvokeFunction"] == {"Fn::GetAtt": ["BatchFunction", "Arn"]}
    assert allowed["s3:GetObject"] == {"Fn::Sub": "${DataBucket.Arn}/runs/*"}
    own = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:%s:${AWS::StackName}-batch"
    assert allowed["states:StartExecution"] == {"Fn::Sub": own % "stateMachine"}
    assert allowed["states:StopExecution"] == {"Fn::Sub": own % "execution" + "/*"}


def test_aliases_are_writable_only_with_rollback_on() -> None:
    assert "aliases" in str(ROLES["AlertRole"])
    assert "aliases" not in str(of_type("AWS::IAM::Role")["AlertRole"])
