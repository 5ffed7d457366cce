"""Evaluate a plain CloudFormation template: conditions, references and intrinsic functions become values."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.plane.errors import TemplateError
from cli.plane.template import names

_NOTHING = object()
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that the stack really has, with every value resolved."""

    logical_id: str
    kind: str
    name: str
    arn: str
    properties: dict[str, Any]


class Resolver:
    """Gives the value of any part of one template, for one set of parameters."""

    def __init__(self, document: Mapping[str, Any], values: Mapping[str, Any], account: names.Account) -> None:
        self._conditions = document.get("Conditions", {})
        self._mappings = document.get("Mappings", {})
        self._resources = document["Resources"]
        self._account = account
        self._values = {**account.pseudo_parameters(), **_typed(document.get("Parameters", {}), values)}
        self._names: dict[str, str] = {}
        self._under_way: list[str] = []
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda a: str(self.value(a[0])).join(str(item) for item in self.value(a[1])),
            "Fn::Select": lambda a: self.value(a[1])[int(self.value(a[0]))],
            "Fn::Split": lambda a: str(self.value(a[1])).split(a[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": lambda a: self.value(a[1] if self.condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: _text(self.value(a[0])) == _text(self.value(a[1])),
            "Fn::Not": lambda a: not self.value(a[0]),
            "Fn::And": lambda a: all(self.value(item) for item in a),
            "Fn::Or": lambda a: any(self.value(item) for item in a),
            "Fn::Base64": lambda a: base64.b64encode(str(self.value(a)).encode()).decode(),
            "Fn::GetAZs": lambda _: [f"{account.region}{zone}" for zone in "abc"],
        }

    def resources(self) -> dict[str, Resource]:
        """Every resource whose condition holds, by logical id."""
        return {name: self._resource(name) for name in self._resources if self._exists(name)}

    def condition(self, name: str) -> bool:
        """Whether a named condition holds."""
        if name not in self._conditions:
            raise TemplateError(f"The template has no condition {name}.")
        return bool(self.value(self._conditions[name]))

    def value(self, node: Any) -> Any:
        """The value of any part of the template; parts that are AWS::NoValue vanish from lists and mappings."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not _NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name,) = node
            if name in self._functions:
                return self._functions[name](node[name])
            if name.startswith("Fn::"):
                raise TemplateError(f"The plane does not know the function {name}.")
        pairs = ((key, self.value(item)) for key, item in node.items())
        return {key: item for key, item in pairs if item is not _NOTHING}

    def _exists(self, logical_id: str) -> bool:
        condition = self._resources[logical_id].get("Condition")
        return condition is None or self.condition(condition)

    def _resource(self, logical_id: str) -> Resource:
        kind = self._resources[logical_id]["Type"]
        name = self._name(logical_id)
        properties = self.value(self._resources[logical_id].get("Properties", {}))
        return Resource(logical_id, kind, name, names.arn(self._account, kind, name), properties)

    def _name(self, logical_id: str) -> str:
        if logical_id not in self._names:
            if logical_id in self._under_way:
                raise TemplateError(f"References in a circle: {' -> '.join([*self._under_way, logical_id])}.")
            self._under_way.append(logical_id)
            resource = self._resources[logical_id]
            given = {
                key: self.value(item) for key, item in resource.get("Properties", {}).items() if key.endswith("Name")
            }
            self._names[logical_id] = names.physical_name(self._account, logical_id, resource["Type"], given)
            self._under_way.pop()
        return self._names[logical_id]

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self._values:
            return self._values[name]
        kind = self._kind(name)
        about = (
            {"FunctionName": self.value(self._resources[name]["Properties"]["FunctionName"])}
            if (kind == "AWS::Lambda::Alias")
            else {}
        )
        return names.reference(self._account, kind, self._name(name), about)

    def _get_att(self, args: list[Any]) -> str:
        name, attr = args[0], ".".join(str(self.value(part)) for part in args[1:])
        return names.attribute(self._account, self._kind(name), self._name(name), attr)

    def _kind(self, logical_id: str) -> str:
        if logical_id not in self._resources:
            raise TemplateError(f"The template has no resource or parameter {logical_id}.")
        return str(self._resources[logical_id]["Type"])

    def _sub(self, args: Any) -> str:
        text, own = (args, {}) if isinstance(args, str) else (args[0], args[1])

        def put(found: re.Match[str]) -> str:
            literal, name = found.group(1), found.group(2).strip()
            if literal:
                return "${" + name + "}"
            if name in own:
                return _text(self.value(own[name]))
            if "." in name:
                return self._get_att(name.split(".", 1))
            return _text(self._ref(name))

        return _VARIABLE.sub(put, text)

    def _find_in_map(self, args: list[Any]) -> Any:
        top, middle, leaf = (self.value(part) for part in args[:3])
        try:
            return self.value(self._mappings[top][middle][leaf])
        except KeyError as error:
            raise TemplateError(f"No mapping {top}.{middle}.{leaf}.") from error


def _typed(declared: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameter values, lists split; a number stays the text that was given, as in CloudFormation."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        listed = str(declared.get(name, {}).get("Type", "String")).startswith(("CommaDelimitedList", "List<"))
        out[name] = [part.strip() for part in str(value).split(",")] if listed else _text(value)
    return out


def _text(value: Any) -> str:
    """A scalar as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
