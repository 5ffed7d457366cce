"""From values to the model's input matrix, with one verdict per cell. API, CSV and training all pass through `encode`.

A front end (JSON records here, CSV text in `table`) turns each feature into a `Column`: float64 values plus a state
per row. Bools become 0 and 1, a category becomes its index in the signature. `encode` then applies the rules that do
not depend on where the value came from: nulls and imputation, finiteness, whole numbers, range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.signature import EXACT_INTEGER, Feature, Signature


class CellState(IntEnum):
    """The verdict on one cell. Anything but OK keeps the row from the model."""

    OK = 0
    NULL = 1
    MISSING = 2
    WRONG_TYPE = 3
    UNKNOWN_CATEGORY = 4
    NOT_FINITE = 5
    OUT_OF_RANGE = 6

    @property
    def code(self) -> str:
        """The stable code of HTTP replies and reject files."""
        return _CODES[self]


_CODES = {
    CellState.OK: "ok",
    CellState.NULL: "null_value",
    CellState.MISSING: "missing_value",
    CellState.WRONG_TYPE: "wrong_type",
    CellState.UNKNOWN_CATEGORY: "unknown_category",
    CellState.NOT_FINITE: "not_finite",
    CellState.OUT_OF_RANGE: "out_of_range",
}

_REASONS = {
    CellState.NULL: "the value is null",
    CellState.MISSING: "the field is missing",
    CellState.WRONG_TYPE: "the value has the wrong type",
    CellState.UNKNOWN_CATEGORY: "the category is not known to the model",
    CellState.NOT_FINITE: "the number is not finite",
    CellState.OUT_OF_RANGE: "the number is out of range",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One feature of n rows: `values` float64 [n], `state` uint8 [n] of CellState. A value counts only where OK."""

    values: NDArray[np.float64]
    state: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one cell keeps its row (0-based) from the model. Never holds the value itself."""

    row: int
    feature: str
    code: str
    expected: str
    reason: str

    def __str__(self) -> str:
        return f"{self.feature}: {self.reason}; expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Encoded:
    """The model's input, float32 [n, features], and what was found.

    `valid` bool [n] tells which rows may be scored; the other rows of `matrix` are zero. `imputed` bool [n, features]
    marks nulls that were filled in.
    """

    matrix: NDArray[np.float32]
    valid: NDArray[np.bool_]
    imputed: NDArray[np.bool_]
    states: NDArray[np.uint8]
    signature: Signature

    def without(self, rows: Sequence[int]) -> Encoded:
        """The same, with these rows kept from the model for a reason no cell shows."""
        valid, matrix = self.valid.copy(), self.matrix.copy()
        valid[rows], matrix[rows] = False, 0.0
        return replace(self, valid=valid, matrix=matrix)

    @property
    def scored(self) -> NDArray[np.float32]:
        """The valid rows of the matrix."""
        return self.matrix if self.valid.all() else self.matrix[self.valid]

    def problems(self, limit: int | None = None) -> list[Problem]:
        """Every bad cell, by row and then by feature; at most `limit` of them."""
        if not self.states.any():
            return []
        rows, columns = np.nonzero(self.states)
        found = zip(rows.tolist(), columns.tolist(), strict=True)
        return [
            _problem(row, self.signature.features[column], CellState(int(self.states[row, column])))
            for _, (row, column) in zip(range(len(rows) if limit is None else limit), found, strict=False)
        ]


def _problem(row: int, feature: Feature, state: CellState) -> Problem:
    return Problem(row, feature.name, state.code, feature.expected(), _REASONS[state])


@dataclass(frozen=True, slots=True)
class _Rules:
    """The signature's rules, one entry per feature: limits of numbers, which are whole, what stands for a null."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    whole: NDArray[np.bool_] | None
    nullable: NDArray[np.bool_]
    fill: NDArray[np.float64]


@lru_cache(maxsize=64)  # a signature is read once per package, and asked with every request
def _rules(signature: Signature) -> _Rules:
    features = signature.features
    numbers = [f.type in ("float", "int") for f in features]
    whole = np.array([f.type == "int" for f in features])
    return _Rules(
        low=np.array([f.low if number else -np.inf for f, number in zip(features, numbers, strict=True)]),
        high=np.array([f.high if number else np.inf for f, number in zip(features, numbers, strict=True)]),
        whole=whole if whole.any() else None,
        nullable=np.array([f.nullable for f in features]),
        fill=np.array([imputation_value(f) if f.nullable else 0.0 for f in features]),
    )


def encode(signature: Signature, columns: Mapping[str, Column]) -> Encoded:
    """Apply the signature's rules to columns of equal length n; a feature without a column is missing in every row.

    Returns the matrix in the signature's feature order. Raises nothing for bad values: they are states.
    """
    rules = _rules(signature)
    values, states = _gathered(signature, columns)
    imputed = np.zeros(states.shape, dtype=np.bool_)
    if states.any():
        imputed = (states == CellState.NULL) & rules.nullable
        values = np.where(imputed, rules.fill, values)
        states[imputed] = CellState.OK
    fits = (values >= rules.low) & (values <= rules.high)  # false for what is not finite, too
    if rules.whole is not None:
        fits &= ~rules.whole | (values == np.floor(values))
    if fits.all() and not states.any():
        return Encoded(values.astype(np.float32), np.ones(len(values), dtype=np.bool_), imputed, states, signature)
    _judge_numbers(rules, values, states)
    valid: NDArray[np.bool_] = np.asarray(~states.any(axis=1))
    values[~valid] = 0.0
    return Encoded(values.astype(np.float32), valid, imputed, states, signature)


def _gathered(signature: Signature, columns: Mapping[str, Column]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Values and states of all features, both [n, features]."""
    n = len(next(iter(columns.values())).values) if columns else 0
    values = np.zeros((n, len(signature.features)))
    states = np.full(values.shape, CellState.MISSING, dtype=np.uint8)
    for index, name in enumerate(signature.names):
        column = columns.get(name)
        if column is not None:
            values[:, index] = column.values
            states[:, index] = column.state
    return values, states


def _judge_numbers(rules: _Rules, values: NDArray[np.float64], states: NDArray[np.uint8]) -> None:
    """Add the verdicts that depend on the number alone to those of the front end."""
    ok, finite = states == CellState.OK, np.isfinite(values)
    outside = (values < rules.low) | (values > rules.high)
    states[ok & outside] = CellState.OUT_OF_RANGE
    if rules.whole is not None:
        states[ok & finite & rules.whole & (values != np.floor(values))] = CellState.WRONG_TYPE
    states[ok & ~finite] = CellState.NOT_FINITE


def imputation_value(feature: Feature) -> float:
    """The number that stands for a null of this feature."""
    if feature.type == "category":
        return float(feature.categories.index(str(feature.imputation)))
    return float(feature.imputation or 0.0)


def columns_from_records(signature: Signature, records: Sequence[Mapping[str, object]]) -> dict[str, Column]:
    """The JSON front end: n objects by feature name into columns. Types are strict: numbers as text are wrong."""
    return {f.name: column_from_values(f, [r.get(f.name, ABSENT) for r in records]) for f in signature.features}


ABSENT = object()


def column_from_values(feature: Feature, cells: Sequence[object]) -> Column:
    """One feature's JSON values as a column; ABSENT stands for a missing field."""
    if len(cells) > 1 and _are_plain_numbers(feature, cells):
        return Column(np.array(cells, dtype=np.float64), np.zeros(len(cells), dtype=np.uint8))
    judge = _JUDGES[feature.type]
    pairs = [judge(feature, cell) for cell in cells]
    values = np.array([value for value, _ in pairs], dtype=np.float64)
    return Column(values, np.array([state for _, state in pairs], dtype=np.uint8))


def _are_plain_numbers(feature: Feature, cells: Sequence[Any]) -> bool:
    """Whether `_judge_number` would find nothing in any of the cells, which are then read all at once."""
    kinds = set(map(type, cells))
    if feature.type == "float":
        return kinds == {float}
    return feature.type == "int" and kinds == {int} and min(cells) >= -EXACT_INTEGER and max(cells) <= EXACT_INTEGER


def _judge_number(feature: Feature, cell: object) -> tuple[float, int]:
    kind = type(cell)
    if kind is float:
        return cell, _OK  # type: ignore[return-value]  # its type has just been looked at
    if kind is int:
        if feature.type == "int" and not -EXACT_INTEGER <= cell <= EXACT_INTEGER:  # type: ignore[operator]  # the same
            return 0.0, _OUT_OF_RANGE
        try:
            return float(cell), _OK  # type: ignore[arg-type]  # the same
        except OverflowError:  # an integer beyond float64
            return 0.0, _OUT_OF_RANGE
    return 0.0, _empty(cell)


def _judge_bool(_feature: Feature, cell: object) -> tuple[float, int]:
    return (float(cell), _OK) if cell is True or cell is False else (0.0, _empty(cell))


def _judge_category(feature: Feature, cell: object) -> tuple[float, int]:
    if type(cell) is not str:
        return 0.0, _empty(cell)
    index = feature.category_index.get(cell)
    return (0.0, _UNKNOWN) if index is None else (index, _OK)


def _empty(cell: object) -> int:
    """The state of a cell that holds no value of its feature's type."""
    return _NULL if cell is None else _MISSING if cell is ABSENT else _WRONG_TYPE


_JUDGES = {"float": _judge_number, "int": _judge_number, "bool": _judge_bool, "category": _judge_category}
# plain ints: making an array of enum members takes ten times as long
_OK, _NULL, _MISSING, _WRONG_TYPE = (
    int(s) for s in (CellState.OK, CellState.NULL, CellState.MISSING, CellState.WRONG_TYPE)
)
_OUT_OF_RANGE, _UNKNOWN = int(CellState.OUT_OF_RANGE), int(CellState.UNKNOWN_CATEGORY)
