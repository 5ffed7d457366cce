"""What a state makes of its data: reference paths, payload templates, results put into the input."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from cli.plane.errors import ExpressionError

_NOTHING = object()


def look_up(path: str, data: Any, context: Mapping[str, Any]) -> Any:
    """The value at `$.a.b`, or at `$$.a.b` in the context; raises ExpressionError where there is none.

    >>> look_up("$.a.b", {"a": {"b": 1}}, {}), look_up("$$.Map.Item", {}, {"Map": {"Item": 2}})
    (1, 2)
    """
    found = context if path.startswith("$$") else data
    root, *names = path.removeprefix("$$" if path.startswith("$$") else "$").split(".")
    if root or not path.startswith("$") or any(not name.isidentifier() for name in names):
        raise ExpressionError(f"The plane reads no path {path!r}: only $.name.name.")
    for name in names:
        found = found.get(name, _NOTHING) if isinstance(found, Mapping) else _NOTHING
        if found is _NOTHING:
            raise ExpressionError(f"The path {path!r} leads nowhere.")
    return copy.deepcopy(found)


def fill(template: Any, data: Any, context: Mapping[str, Any]) -> Any:
    """A payload template with the values of its `name.$` fields.

    >>> fill({"step": "cut", "job.$": "$.job"}, {"job": 7}, {})
    {'step': 'cut', 'job': 7}
    """
    if not isinstance(template, Mapping):
        return template
    filled = {}
    for name, value in template.items():
        if name.endswith(".$"):
            filled[name.removesuffix(".$")] = look_up(value, data, context)
        else:
            filled[name] = fill(value, data, context)
    return filled


def put(path: str | None, data: Any, result: Any) -> Any:
    """The input with the result at `ResultPath`: `$` replaces it, None leaves it as it is."""
    if path is None:
        return data
    if path == "$":
        return result
    *names, last = path.removeprefix("$.").split(".")
    whole = copy.deepcopy(data)
    place = whole
    for name in names:
        place = place.setdefault(name, {})
    place[last] = result
    return whole
