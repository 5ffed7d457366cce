"""EventBridge event patterns: does this event match this pattern?

Follows the EventBridge rules: every key of the pattern must match; a leaf is a list of alternatives; an array in
the event matches when any of its items does; `$or` holds alternatives of whole sub-patterns.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from cli.plane.errors import ExpressionError

_ABSENT = object()
_NUMERIC: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether the event matches.

    >>> matches({"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "incoming/"}]}}},
    ...         {"source": "aws.s3", "detail": {"object": {"key": "incoming/iris/a.csv"}}})
    True
    """
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(matches(one, event) for one in wanted):
                return False
            continue
        found = event.get(name, _ABSENT)
        if isinstance(wanted, Mapping):
            if not _matches_below(wanted, found):
                return False
        elif not isinstance(wanted, list):
            raise ExpressionError(f"Event pattern: the value of {name} must be a list.")
        elif not any(_any_item(one, found) for one in wanted):
            return False
    return True


def _matches_below(wanted: Mapping[str, Any], found: Any) -> bool:
    if isinstance(found, list):
        return any(_matches_below(wanted, item) for item in found)
    return matches(wanted, found if isinstance(found, Mapping) else {})


def _any_item(test: Any, found: Any) -> bool:
    if isinstance(test, Mapping) and "exists" in test:
        # exists is about leaves: an object is not a leaf
        is_there = found is not _ABSENT and not isinstance(found, Mapping)
        return is_there == test["exists"]
    if found is _ABSENT:
        return False
    if isinstance(found, list):
        return any(_leaf(test, item) for item in found)
    return _leaf(test, found)


def _leaf(test: Any, value: Any) -> bool:
    if not isinstance(test, Mapping):
        return _same(test, value)
    ((kind, argument),) = test.items()
    if kind not in _TESTS:
        raise ExpressionError(f"Event pattern: the plane does not know {kind!r}.")
    return _TESTS[kind](argument, value)


def _same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool) or wanted is None:
        return wanted is value
    if isinstance(wanted, int | float) and isinstance(value, int | float):
        return wanted == value
    return type(wanted) is type(value) and bool(wanted == value)


def _prefix(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        return isinstance(value, str) and value.lower().startswith(argument["equals-ignore-case"].lower())
    return isinstance(value, str) and value.startswith(argument)


def _suffix(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        return isinstance(value, str) and value.lower().endswith(argument["equals-ignore-case"].lower())
    return isinstance(value, str) and value.endswith(argument)


def _anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        ((kind, inner),) = argument.items()
        options = inner if isinstance(inner, list) else [inner]
        return isinstance(value, str) and not any(_TESTS[kind](option, value) for option in options)
    options = argument if isinstance(argument, list) else [argument]
    return not any(_same(option, value) for option in options)


def _numeric(argument: Any, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_NUMERIC[sign](value, bound) for sign, bound in pairs)


def _wildcard(argument: Any, value: Any) -> bool:
    """`*` is any run of characters; backslash escapes a star or a backslash."""
    pieces = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", argument)
    expression = "".join(
        ".*" if piece == "*" else re.escape(piece[-1] if piece[0] == "\\" else piece) for piece in pieces
    )
    return isinstance(value, str) and re.fullmatch(expression, value, re.DOTALL) is not None


def _ignoring_case(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == argument.lower()


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "wildcard": _wildcard,
    "equals-ignore-case": _ignoring_case,
}
