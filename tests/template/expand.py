"""The template as CloudFormation sees it: expanded by SAM's own translator, conditions decided, offline."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import Mock

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
NO_VALUE = {"Ref": "AWS::NoValue"}

Resources = dict[str, dict[str, Any]]


def source() -> dict[str, Any]:
    """template.yaml as it is written, with the short forms of functions spelled out."""
    return dict(yaml_parse(TEMPLATE.read_text()))


@cache
def expanded(**parameters: str) -> dict[str, Any]:
    """The template after SAM's transform, with these parameters over the defaults. Do not change what it returns."""
    return expand(source(), **parameters)


def expand(template: dict[str, Any], region: str = "eu-central-1", **parameters: str) -> dict[str, Any]:
    """Expand a template that was parsed by `source`, as CloudFormation in a region does, and decide its conditions."""
    for resource in template["Resources"].values():
        for name in ("CodeUri", "ContentUri", "DefinitionUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://artifacts/key"
    values = {name: str(p["Default"]) for name, p in template["Parameters"].items()} | parameters
    session = Mock(region_name=region)
    done = Translator({}, Parser(), boto_session=session).translate(template, values)
    conditions = {name: _decide(rule, values) for name, rule in done.get("Conditions", {}).items()}
    done["Resources"] = {
        name: _choose(resource, conditions)
        for name, resource in done["Resources"].items()
        if conditions.get(resource.get("Condition", ""), True)
    }
    return dict(done)


def of_type(kind: str, **parameters: str) -> Resources:
    """Properties of every resource of a type, by logical id."""
    resources = expanded(**parameters)["Resources"]
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def functions() -> Resources:
    """Properties of all functions."""
    return of_type("AWS::Lambda::Function")


def target_id(arn: Any) -> str:
    """The logical id behind `!GetAtt X.Arn` or `!Ref X`."""
    return str(arn["Fn::GetAtt"][0]) if "Fn::GetAtt" in arn else str(arn["Ref"])


def as_list(value: Any) -> list[Any]:
    """Policies may hold one thing or a list of them."""
    return value if isinstance(value, list) else [value]


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """All statements of a role's own policies."""
    return [s for p in role["Policies"] for s in p["PolicyDocument"]["Statement"]]


def _decide(rule: Any, values: dict[str, str]) -> bool:
    ((function, arguments),) = rule.items()
    if function == "Fn::Equals":
        left, right = (values[a["Ref"]] if isinstance(a, dict) else str(a) for a in arguments)
        return left == right
    parts = [_decide(a, values) for a in arguments]
    return {"Fn::Not": not parts[0], "Fn::And": all(parts), "Fn::Or": any(parts)}[function]


def _choose(node: Any, conditions: dict[str, bool]) -> Any:
    if isinstance(node, list):
        return [chosen for item in node if (chosen := _choose(item, conditions)) != NO_VALUE]
    if not isinstance(node, dict):
        return node
    if "Fn::If" in node:
        condition, yes, no = node["Fn::If"]
        return _choose(yes if conditions[condition] else no, conditions)
    return {key: chosen for key, item in node.items() if (chosen := _choose(item, conditions)) != NO_VALUE}
