"""From values to the model's input matrix, with one verdict per cell. API, CSV and training all pass through `encode`.

A front end (JSON records here, CSV text in `table`) turns each feature into a `Column`: float64 values plus a state
per row. Bools become 0 and 1, a category becomes its index in the signature. `encode` then applies the rules that do
not depend on where the value came from: nulls and imputation, finiteness, whole numbers, range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from scorelet.signature import Feature, Signature


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

    def problems(self, limit: int | None = None) -> list[Problem]:
        """Every bad cell, by row and then by feature; at most `limit` of them."""
        rows, columns = np.nonzero(self.states)
        found = zip(rows.tolist(), columns.tolist(), strict=True)
        return [
            _problem(row, self.signature.features[column], CellState(int(self.states[row, column])))
            for _, (row, column) in zip(range(len(rows) if limit is None else limit), found, strict=False)
        ]


def _problem(row: int, feature: Feature, state: CellState) -> Problem:
    return Problem(row, feature.name, state.code, feature.expected(), _REASONS[state])


def encode(signature: Signature, columns: Mapping[str, Column]) -> Encoded:
    """Apply the signature's rules to columns of equal length n; a feature without a column is missing in every row.

    Returns the matrix in the signature's feature order. Raises nothing for bad values: they are states.
    """
    n = len(next(iter(columns.values())).values) if columns else 0
    width = len(signature.features)
    matrix = np.zeros((n, width), dtype=np.float32)
    states = np.zeros((n, width), dtype=np.uint8)
    imputed = np.zeros((n, width), dtype=np.bool_)
    for index, feature in enumerate(signature.features):
        column = columns.get(feature.name)
        if column is None:
            states[:, index] = CellState.MISSING
            continue
        values, state = column.values, column.state
        if feature.nullable:
            imputed[:, index] = state == CellState.NULL
            values = np.where(imputed[:, index], imputation_value(feature), values)
            state = np.where(imputed[:, index], np.uint8(CellState.OK), state)
        states[:, index] = _judge_numbers(feature, values, state)
        ok = states[:, index] == CellState.OK
        matrix[ok, index] = values[ok]
    valid: NDArray[np.bool_] = np.asarray(~states.any(axis=1))
    matrix[~valid] = 0.0
    return Encoded(matrix, valid, imputed, states, signature)


def _judge_numbers(feature: Feature, values: NDArray[np.float64], state: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Add the verdicts that depend on the number alone to those of the front end."""
    if feature.type in ("bool", "category"):
        return state
    judged = state.copy()
    ok = state == CellState.OK
    finite = np.isfinite(values)
    judged[ok & ~finite] = CellState.NOT_FINITE
    numbers = np.where(ok & finite, values, 0.0)
    judged[ok & finite & ((numbers < feature.low) | (numbers > feature.high))] = CellState.OUT_OF_RANGE
    if feature.type == "int":
        judged[ok & finite & (numbers != np.floor(numbers))] = CellState.WRONG_TYPE
    return judged


def imputation_value(feature: Feature) -> float:
    """The number that stands for a null of this feature."""
    if feature.type == "category":
        return float(feature.categories.index(str(feature.imputation)))
    return float(feature.imputation or 0.0)


def columns_from_records(signature: Signature, records: Sequence[Mapping[str, object]]) -> dict[str, Column]:
    """The JSON front end: n objects by feature name into columns. Types are strict: numbers as text are wrong."""
    return {f.name: _column_from_values(f, [r.get(f.name, _ABSENT) for r in records]) for f in signature.features}


_ABSENT = object()


def _column_from_values(feature: Feature, cells: Sequence[object]) -> Column:
    judge = {"category": _judge_category, "bool": _judge_bool}.get(feature.type, _judge_number)
    values = np.zeros(len(cells), dtype=np.float64)
    state = np.zeros(len(cells), dtype=np.uint8)
    for row, cell in enumerate(cells):
        if cell is _ABSENT:
            state[row] = CellState.MISSING
        elif cell is None:
            state[row] = CellState.NULL
        else:
            values[row], state[row] = judge(feature, cell)
    return Column(values, state)


def _judge_number(_feature: Feature, cell: object) -> tuple[float, CellState]:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return 0.0, CellState.WRONG_TYPE
    try:
        return float(cell), CellState.OK if math.isfinite(cell) else CellState.NOT_FINITE
    except OverflowError:  # an integer beyond float64
        return 0.0, CellState.OUT_OF_RANGE


def _judge_bool(_feature: Feature, cell: object) -> tuple[float, CellState]:
    return (float(cell), CellState.OK) if isinstance(cell, bool) else (0.0, CellState.WRONG_TYPE)


def _judge_category(feature: Feature, cell: object) -> tuple[float, CellState]:
    if not isinstance(cell, str):
        return 0.0, CellState.WRONG_TYPE
    if cell not in feature.categories:
        return 0.0, CellState.UNKNOWN_CATEGORY
    return float(feature.categories.index(cell)), CellState.OK
