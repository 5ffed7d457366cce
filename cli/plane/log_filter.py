"""CloudWatch Logs filter patterns: everything, words, and the JSON form `{ $.name = "value" && ... }`."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any

from cli.plane.errors import ExpressionError

_TERM = re.compile(
    r"""\s*(?P<path>\$(?:\.[\w-]+|\[\d+\]|\[\*\])+)\s*
        (?:(?P<sign><=|>=|!=|=|<|>)\s*(?P<value>"(?:[^"\\]|\\.)*"|[\w.*+-]+)
          |(?P<word>IS\s+NULL|IS\s+TRUE|IS\s+FALSE|NOT\s+EXISTS))\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ABSENT = object()


def compile_filter(pattern: str) -> Callable[[str], bool]:
    """A test for log messages; raises ExpressionError for a pattern the plane cannot read.

    >>> compile_filter('{ $.scorelet = "predictions" }')('{"scorelet": "predictions"}')
    True
    """
    text = pattern.strip()
    if not text:
        return lambda _message: True
    if not text.startswith("{"):
        return _words(text)
    test = _Parser(text[1:-1]).expression()

    def json_test(message: str) -> bool:
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return isinstance(document, dict) and test(document)

    return json_test


def _words(text: str) -> Callable[[str], bool]:
    terms = [term.strip('"') for term in re.findall(r'-?"[^"]*"|\?"[^"]*"|\S+', text)]
    wanted = [term for term in terms if not term.startswith(("-", "?"))]
    banned = [term[1:].strip('"') for term in terms if term.startswith("-")]
    either = [term[1:].strip('"') for term in terms if term.startswith("?")]

    def test(message: str) -> bool:
        fits = all(term in message for term in wanted) and not any(term in message for term in banned)
        return fits and (not either or any(term in message for term in either))

    return test


class _Parser:
    """`a || b && (c)`, with && binding tighter."""

    def __init__(self, text: str) -> None:
        self._rest = text.strip()
        self._all = text

    def expression(self) -> Callable[[Any], bool]:
        test = self._either()
        if self._rest:
            raise ExpressionError(f"Log filter pattern: cannot read {self._rest!r} in {self._all!r}.")
        return test

    def _either(self) -> Callable[[Any], bool]:
        tests = [self._both()]
        while self._take("||"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def _both(self) -> Callable[[Any], bool]:
        tests = [self._one()]
        while self._take("&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _one(self) -> Callable[[Any], bool]:
        if self._take("("):
            test = self._either()
            if not self._take(")"):
                raise ExpressionError(f"Log filter pattern: a bracket is not closed in {self._all!r}.")
            return test
        found = _TERM.match(self._rest)
        if not found:
            raise ExpressionError(f"Log filter pattern: cannot read {self._rest!r} in {self._all!r}.")
        self._rest = self._rest[found.end() :]
        return _term(found)

    def _take(self, token: str) -> bool:
        self._rest = self._rest.lstrip()
        if self._rest.startswith(token):
            self._rest = self._rest[len(token) :]
            return True
        return False


def _term(found: re.Match[str]) -> Callable[[Any], bool]:
    path, sign, word = found["path"], found["sign"], found["word"]
    if word:
        state = " ".join(word.upper().split())
        wanted = {"IS NULL": None, "IS TRUE": True, "IS FALSE": False, "NOT EXISTS": _ABSENT}[state]
        return lambda document: any(value is wanted for value in _look_up(document, path))
    value = found["value"]
    literal = json.loads(value) if value.startswith('"') else value
    if sign in ("=", "!="):
        return lambda document: any(_equal(item, literal) == (sign == "=") for item in _look_up(document, path))
    bound = float(literal)
    return lambda document: any(_is_number(item) and _SIGNS[sign](item, bound) for item in _look_up(document, path))


def _look_up(document: Any, path: str) -> list[Any]:
    found = [document]
    for dotted, index in re.findall(r"\.([\w-]+)|\[(\d+|\*)\]", path):
        if dotted:
            found = [item.get(dotted, _ABSENT) if isinstance(item, dict) else _ABSENT for item in found]
        elif index == "*":
            found = [inner for item in found if isinstance(item, list) for inner in item]
        else:
            at = int(index)
            found = [item[at] if isinstance(item, list) and at < len(item) else _ABSENT for item in found]
    return found


def _equal(value: Any, literal: str) -> bool:
    if isinstance(value, str):
        expression = ".*".join(re.escape(part) for part in literal.split("*"))
        return re.fullmatch(expression, value, re.DOTALL) is not None
    try:
        return _is_number(value) and value == float(literal)
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
