"""Cells of CSV text in a request, judged as the batch path judges them (docs/csv.md), without DuckDB."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from scorelet.features import CellState, Column
from scorelet.signature import Feature

_SPACES = " \t\n\v\f\r"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(inf|infinity|nan)", re.IGNORECASE)
_BOOLS = {"true": 1.0, "1": 1.0, "false": 0.0, "0": 0.0}
Cell = tuple[float, CellState]


def column_from_text(feature: Feature, cells: Sequence[str]) -> Column:
    """One feature's texts as a column."""
    judge = {"category": _category, "bool": _bool}.get(feature.type, _number)
    pairs = [judge(feature, cell) for cell in cells]
    return Column(np.array([v for v, _ in pairs], dtype=np.float64), np.array([int(s) for _, s in pairs], np.uint8))


def _category(feature: Feature, cell: str) -> Cell:
    if not cell:
        return 0.0, CellState.NULL
    index = feature.category_index.get(cell)
    return (0.0, CellState.UNKNOWN_CATEGORY) if index is None else (index, CellState.OK)


def _bool(_feature: Feature, cell: str) -> Cell:
    text = cell.strip(_SPACES).lower()
    if not text:
        return 0.0, CellState.NULL
    return (_BOOLS[text], CellState.OK) if text in _BOOLS else (0.0, CellState.WRONG_TYPE)


def _number(_feature: Feature, cell: str) -> Cell:
    text = cell.strip(_SPACES)
    if not text:
        return 0.0, CellState.NULL
    if _NUMBER.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value, CellState.OK
        return 0.0, CellState.OUT_OF_RANGE if _WHOLE.fullmatch(text) else CellState.NOT_FINITE
    return 0.0, CellState.NOT_FINITE if _NOT_FINITE.fullmatch(text) else CellState.WRONG_TYPE
