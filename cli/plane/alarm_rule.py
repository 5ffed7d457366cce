"""The rule of a composite alarm: ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA("c")), TRUE, FALSE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cli.plane.errors import ExpressionError

_TOKEN = re.compile(r'\s*(\(|\)|"[^"]*"|\'[^\']*\'|[^\s()"\']+)')
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")

States = Mapping[str, str]


def compile_rule(rule: str) -> tuple[Callable[[States], bool], tuple[str, ...]]:
    """A test over the states of alarms by name, and the names it looks at; raises ExpressionError.

    >>> holds, names = compile_rule('ALARM("drift") AND NOT ALARM(errors)')
    >>> holds({"drift": "ALARM", "errors": "OK"}), names
    (True, ('drift', 'errors'))
    """
    parser = _Parser(rule)
    return parser.rule(), tuple(dict.fromkeys(parser.names))


class _Parser:
    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._tokens = _TOKEN.findall(rule)
        self._at = 0
        self.names: list[str] = []

    def rule(self) -> Callable[[States], bool]:
        test = self._either()
        if self._at != len(self._tokens):
            raise ExpressionError(f"Alarm rule: cannot read {self._tokens[self._at]!r} in {self._rule!r}.")
        return test

    def _peek(self) -> str:
        return self._tokens[self._at].upper() if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise ExpressionError(f"Alarm rule ends too early: {self._rule!r}.")
        self._at += 1
        return str(self._tokens[self._at - 1])

    def _either(self) -> Callable[[States], bool]:
        tests = [self._both()]
        while self._peek() == "OR":
            self._next()
            tests.append(self._both())
        return lambda states: any(test(states) for test in tests)

    def _both(self) -> Callable[[States], bool]:
        tests = [self._one()]
        while self._peek() == "AND":
            self._next()
            tests.append(self._one())
        return lambda states: all(test(states) for test in tests)

    def _one(self) -> Callable[[States], bool]:
        word = self._next()
        if word.upper() == "NOT":
            inner = self._one()
            return lambda states: not inner(states)
        if word == "(":
            test = self._either()
            self._close()
            return test
        if word.upper() in ("TRUE", "FALSE"):
            return lambda _states: word.upper() == "TRUE"
        if word.upper() in _STATES:
            return self._state(word.upper())
        raise ExpressionError(f"Alarm rule: {word!r} is no state in {self._rule!r}.")

    def _state(self, wanted: str) -> Callable[[States], bool]:
        if self._next() != "(":
            raise ExpressionError(f"Alarm rule: {wanted} needs an alarm in brackets in {self._rule!r}.")
        name = self._next().strip("\"'").rpartition(":alarm:")[2]
        self._close()
        self.names.append(name)

        def test(states: States) -> bool:
            if name not in states:
                raise ExpressionError(f"Alarm rule {self._rule!r} names an unknown alarm: {name}.")
            return states[name] == wanted

        return test

    def _close(self) -> None:
        if self._next() != ")":
            raise ExpressionError(f"Alarm rule: a bracket is not closed in {self._rule!r}.")
