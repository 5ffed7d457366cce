"""Roles allow named actions on named things, and no role but our own is used."""

import re
from typing import Any

import pytest

from tests.template.expand import as_list, functions, of_type, statements, target_id

ROLES = of_type("AWS::IAM::Role", Rollback="on")

# bucket-wide on purpose: without it S3 answers 403 instead of 404 for what does not exist
WHOLE_BUCKET = {"s3:ListBucket"}


@pytest.mark.parametrize("name", sorted(ROLES))
def test_actions_are_named_and_allowed_on_named_resources(name: str) -> None:
    for statement in statements(ROLES[name]):
        assert statement["Effect"] == "Allow"
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", a) for a in as_list(statement["Action"]))
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
    service = "codedeploy" if name == "DeploymentRole" else "lambda"
    assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}


def test_each_function_has_a_role_of_its_own() -> None:
    used = [target_id(f["Role"]) for f in functions().values()]
    assert sorted([*used, "DeploymentRole"]) == sorted(ROLES)


def test_aliases_are_writable_only_with_rollback_on() -> None:
    assert "aliases" in str(ROLES["AlertRole"])
    assert "aliases" not in str(of_type("AWS::IAM::Role")["AlertRole"])
