"""CloudWatch metric math over aligned series: arithmetic, comparisons, AND, OR, IF, FILL, MIN, MAX, SUM, METRICS.

A series is a list with one value for each period, None where there is none. Arithmetic on a missing value, and
a division by zero, give a missing value.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from typing import Any

from cli.plane import points
from cli.plane.errors import ExpressionError
from cli.plane.points import Series

_TOKEN = re.compile(r'\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|[A-Za-z_]\w*|"[^"]*"|&&|\|\||[<>=!]=|[-+*/^()<>,\[\]])')
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR", "||"),
    ("AND", "&&"),
    ("==", "!=", "<=", ">=", "<", ">"),
    ("+", "-"),
    ("*", "/"),
)


_OPERATORS: dict[str, Callable[[float, float], float | bool | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": points.divide,
    "^": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "AND": lambda a, b: bool(a) and bool(b),
    "&&": lambda a, b: bool(a) and bool(b),
    "OR": lambda a, b: bool(a) or bool(b),
    "||": lambda a, b: bool(a) or bool(b),
}


def evaluate(
    expression: str,
    series: Mapping[str, Series],
    length: int,
    period: int = 60,
    plain: Collection[str] | None = None,
) -> Series:
    """The expression's value in each of `length` periods; raises ExpressionError.

    `series` holds what other lines of the alarm gave, by id; `plain` names those that METRICS() means (all of
    them when None).

    >>> evaluate("100 * errors / FILL(requests, 0)", {"errors": [1.0, 2.0], "requests": [4.0, None]}, 2)
    [25.0, None]
    """
    result = _Evaluation(expression, series, length, period, series if plain is None else plain).run()
    if isinstance(result, _Many):
        raise ExpressionError(f"{expression!r} gives several series; an alarm needs one.")
    return result if isinstance(result, list) else [result] * length


class _Many(list[Series]):
    """An array of series, as METRICS() and [a, b] give."""


class _Evaluation:
    def __init__(
        self, expression: str, series: Mapping[str, Series], length: int, period: int, plain: Collection[str]
    ) -> None:
        self._expression = expression
        self._series = series
        self._length = length
        self._period = period
        self._plain = plain
        self._tokens = self._split(expression)
        self._at = 0

    def run(self) -> Any:
        value = self._level(0)
        if self._at != len(self._tokens):
            raise ExpressionError(f"Metric math: cannot read {self._tokens[self._at]!r} in {self._expression!r}.")
        return value

    def _split(self, text: str) -> list[str]:
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                raise ExpressionError(f"Metric math: cannot read {text[at:]!r}.")
            tokens.append(found[1])
            at = found.end()
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise ExpressionError(f"Metric math: {token!r} is missing in {self._expression!r}.")

    def _level(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self._power()
        left = self._level(level + 1)
        while self._peek().upper() in _LEVELS[level]:
            sign = self._next().upper()
            left = self._apply(_OPERATORS[sign], left, self._level(level + 1))
        return left

    def _power(self) -> Any:
        base = self._unary()
        if self._peek() == "^":
            self._next()
            return self._apply(_OPERATORS["^"], base, self._power())
        return base

    def _unary(self) -> Any:
        if self._peek() == "-":
            self._next()
            return self._apply(operator.mul, -1.0, self._power())
        return self._atom()

    def _atom(self) -> Any:
        token = self._next()
        match token[:1]:
            case "(":
                value = self._level(0)
                self._expect(")")
            case "[":
                value = _Many(self._arguments("]"))
            case '"':
                value = token[1:-1]
            case first if first == "." or first.isdigit():
                value = float(token)
            case _:
                value = self._name(token)
        return value

    def _name(self, token: str) -> Any:
        if self._peek() == "(" and token.upper() in _FUNCTIONS:
            self._next()
            return _FUNCTIONS[token.upper()](self, *self._arguments(")"))
        if token in self._series:
            return self._series[token]
        if token.upper() in ("REPEAT", "LINEAR"):
            return token.upper()
        raise ExpressionError(f"Metric math: nothing is called {token!r} in {self._expression!r}.")

    def _arguments(self, end: str) -> list[Any]:
        values: list[Any] = []
        while self._peek() != end:
            values.append(self._level(0))
            if self._peek() != end:
                self._expect(",")
        self._next()
        return values

    def _apply(self, function: Callable[..., Any], *values: Any) -> Any:
        """Value by value; arrays of series item by item."""
        arrays = [value for value in values if isinstance(value, _Many)]
        if arrays:
            rows = range(len(arrays[0]))
            return _Many(
                self._apply(function, *(v[row] if isinstance(v, _Many) else v for v in values)) for row in rows
            )
        if not any(isinstance(value, list) for value in values):
            return points.point(function, *values)
        columns = [value if isinstance(value, list) else [value] * self._length for value in values]
        return [points.point(function, *row) for row in zip(*columns, strict=True)]

    def metrics(self, containing: str = "") -> _Many:
        """METRICS(): every plain metric of the alarm."""
        return _Many(one for name, one in self._series.items() if name in self._plain and containing in name)

    def choose(self, condition: Any, yes: Any, no: Any = None) -> Any:
        """IF(condition, yes, no); without `no`, nothing where the condition fails."""
        columns = [value if isinstance(value, list) else [value] * self._length for value in (condition, yes, no)]
        return [None if test is None else (a if test else b) for test, a, b in zip(*columns, strict=True)]

    def fill(self, value: Any, filler: Any) -> Any:
        """FILL(series, number | series | REPEAT | LINEAR)."""
        if isinstance(value, _Many):
            return _Many(self.fill(one, filler) for one in value)
        if not isinstance(value, list):
            return value
        if filler == "REPEAT":
            return points.repeated(value)
        if filler == "LINEAR":
            return points.interpolated(value)
        fillers = filler if isinstance(filler, list) else [filler] * self._length
        return [filler_ if one is None else one for one, filler_ in zip(value, fillers, strict=True)]

    def reduce(self, function: Callable[[list[float]], float], *values: Any) -> Any:
        """MAX and friends: of one series a number, of several a series over the values that are there."""
        if len(values) == 1 and isinstance(values[0], list) and not isinstance(values[0], _Many):
            present = [one for one in values[0] if one is not None]
            return function(present) if present else None
        flat: list[Any] = [one for value in values for one in (value if isinstance(value, _Many) else [value])]
        columns = [one if isinstance(one, list) else [one] * self._length for one in flat]
        rows = ([one for one in row if one is not None] for row in zip(*columns, strict=True))
        return [function(row) if row else None for row in rows]

    def each(self, function: Callable[[float], float], value: Any) -> Any:
        """ABS and friends."""
        return self._apply(function, value)

    def difference(self, value: Series) -> Series:
        """DIFF(series): the change since the period before."""
        steps = [None if a is None or b is None else b - a for a, b in pairwise(value)]
        return [None, *steps]

    def rate(self, value: Series) -> Series:
        """RATE(series): the change for each second."""
        return [None if step is None else step / self._period for step in self.difference(value)]

    def seconds(self, _value: Any) -> float:
        """PERIOD(series)."""
        return float(self._period)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "METRICS": _Evaluation.metrics,
    "IF": _Evaluation.choose,
    "FILL": _Evaluation.fill,
    "MIN": lambda e, *v: e.reduce(min, *v),
    "MAX": lambda e, *v: e.reduce(max, *v),
    "SUM": lambda e, *v: e.reduce(math.fsum, *v),
    "AVG": lambda e, *v: e.reduce(points.mean, *v),
    "ABS": lambda e, v: e.each(abs, v),
    "CEIL": lambda e, v: e.each(math.ceil, v),
    "FLOOR": lambda e, v: e.each(math.floor, v),
    "DIFF": _Evaluation.difference,
    "RATE": _Evaluation.rate,
    "PERIOD": _Evaluation.seconds,
}
