"""A rule looks at an expanded template and yields what is wrong with it; every rule is listed here by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.template.expand import as_list

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """An expanded template, with what rules ask of it. `values` are the parameters it was expanded with."""

    resources: Mapping[str, Mapping[str, Any]]
    values: Mapping[str, Any]

    @classmethod
    def of(cls, template: Mapping[str, Any], **parameters: str) -> Stack:
        """From `expand`'s result."""
        defaults = {name: p.get("Default") for name, p in template.get("Parameters", {}).items()}
        return cls(template["Resources"], defaults | parameters)

    def of_type(self, kind: str) -> dict[str, Any]:
        """Properties of every resource of a type, by logical id."""
        found = {n: r for n, r in self.resources.items() if r["Type"] == kind}
        return {name: resource.get("Properties", {}) for name, resource in found.items()}

    def number(self, value: Any) -> float:
        """A number, or what the parameter that stands for it was given."""
        return float(self.values[value["Ref"]] if isinstance(value, dict) else value)

    def role_of(self, function: Properties) -> Properties:
        """A function's role."""
        return self.of_type("AWS::IAM::Role").get(behind(function.get("Role")), {})

    def asynchronous(self) -> set[str]:
        """Functions that are called by events: somebody other than the caller must notice their failures."""
        called = {behind(t["Arn"]) for rule in self.of_type("AWS::Events::Rule").values() for t in rule["Targets"]}
        called |= {behind(s["DestinationArn"]) for s in self.of_type("AWS::Logs::SubscriptionFilter").values()}
        return called & set(self.of_type("AWS::Lambda::Function"))


Rule = Callable[[Stack], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """List a rule."""
    RULES[function.__name__] = function
    return function


def findings(stack: Stack) -> dict[str, list[str]]:
    """What each rule finds wrong; rules that are content are left out."""
    return {name: found for name, check in RULES.items() if (found := list(check(stack)))}


def behind(reference: Any) -> str:
    """The logical id that a Ref, a GetAtt or the first name in a Sub leads to; empty where there is none."""
    if not isinstance(reference, dict):
        return ""
    ((kind, value),) = reference.items()
    if kind == "Fn::GetAtt":
        return str(as_list(value)[0]).split(".")[0]
    if kind == "Fn::Sub":
        names = [n for n in _names(as_list(value)[0]) if not n.startswith("AWS::")]
        return names[0] if names else ""
    return str(value) if kind == "Ref" else ""


def references(node: Any) -> set[str]:
    """Every logical id that something refers to, at any depth."""
    if isinstance(node, list):
        return {name for item in node for name in references(item)}
    if not isinstance(node, dict):
        return set()
    found = {name for item in node.values() for name in references(item)}
    if "Ref" in node or "Fn::GetAtt" in node:
        found.add(behind(node))
    if "Fn::Sub" in node:
        found |= set(_names(as_list(node["Fn::Sub"])[0]))
    return found


def _names(text: str) -> list[str]:
    return [name.split(".")[0] for name in re.findall(r"\$\{([\w:.]+)\}", text)]


def allowed(role: Properties) -> Iterator[Properties]:
    """The statements of a role's own policies."""
    for policy in role.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]
