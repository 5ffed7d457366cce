"""From tensors to rows: one tensor per feature by name, or one [n, features] tensor in the signature's order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.api.refuse import pointer
from scorelet.api.score import Rows
from scorelet.api.tensors import Tensor
from scorelet.errors import BadRequest
from scorelet.features import CellState, Column, Problem, column_from_values
from scorelet.signature import EXACT_INTEGER, Feature, Signature

REMEDY = "Ask GET /v2/models/{model} for the names, datatypes and shapes."


def rows_from_tensors(signature: Signature, tensors: Sequence[Tensor]) -> Rows:
    """n records; raises BadRequest when the tensors are not the model's."""
    if len(tensors) == 1 and tensors[0].name not in signature.name_set:
        return _matrix(signature, tensors[0])
    return _named(signature, tensors)


def _named(signature: Signature, tensors: Sequence[Tensor]) -> Rows:
    place = {tensor.name: index for index, tensor in enumerate(tensors)}
    strange = [tensor.name[:100] for tensor in tensors if tensor.name not in signature.name_set]
    if strange or len(place) != len(tensors):
        words = f"the model has no input {strange[0]!r}" if strange else "an input stands twice"
        raise BadRequest(words, remedy=REMEDY)
    rows = {tensor.shape[0] for tensor in tensors}
    if len(rows) != 1 or 0 in rows or any(tensor.shape[1:] not in ((), (1,)) for tensor in tensors):
        raise BadRequest("the inputs do not all have shape [n] or [n, 1] with the same n above 0", remedy=REMEDY)
    features = {feature.name: feature for feature in signature.features}
    columns = {tensor.name: _column(features[tensor.name], tensor.datatype, tensor.cells) for tensor in tensors}

    def locate(problem: Problem) -> str:
        index = place.get(problem.feature)
        return "/inputs" if index is None else pointer("inputs", index, "data", problem.row)

    return Rows(columns, locate)


def _matrix(signature: Signature, tensor: Tensor) -> Rows:
    width = len(signature.features)
    if len(tensor.shape) != 2 or tensor.shape[0] == 0 or tensor.shape[1] != width:
        raise BadRequest(
            f"{tensor.name[:100]!r} is no feature, and not one tensor of shape [n, {width}] either", remedy=REMEDY
        )
    columns = {
        feature.name: _column(feature, tensor.datatype, tensor.cells[index::width], in_matrix=True)
        for index, feature in enumerate(signature.features)
    }
    place = {name: index for index, name in enumerate(signature.names)}
    return Rows(columns, lambda problem: pointer("inputs", 0, "data", problem.row * width + place[problem.feature]))


def _column(feature: Feature, datatype: str, cells: NDArray[Any] | Sequence[Any], *, in_matrix: bool = False) -> Column:
    """A feature's cells as a column. In a matrix of numbers a bool is 0 or 1, since a matrix has one datatype."""
    if feature.type == "bool" and in_matrix and datatype not in ("BOOL", "BYTES"):
        return _bools_from_numbers(cells)
    if isinstance(cells, np.ndarray):
        return _from_array(feature, datatype, cells)
    if datatype == "BYTES" and feature.nullable:  # there is no null in a binary tensor: an empty text stands for it
        cells = [None if cell == "" else cell for cell in cells]
    return column_from_values(feature, cells)


def _bools_from_numbers(cells: NDArray[Any] | Sequence[Any]) -> Column:
    found = cells.tolist() if isinstance(cells, np.ndarray) else cells
    values = np.array([cell if cell in (0, 1) else np.nan for cell in found], dtype=np.float64)
    wrong = np.isnan(values)
    return Column(np.where(wrong, 0.0, values), np.where(wrong, np.uint8(CellState.WRONG_TYPE), np.uint8(0)))


def _from_array(feature: Feature, datatype: str, cells: NDArray[Any]) -> Column:
    """Numbers as they came; NaN stands for null where the feature may be null."""
    values = cells.astype(np.float64)
    state = np.zeros(len(values), dtype=np.uint8)
    suits = datatype == "BOOL" if feature.type == "bool" else feature.type != "category" and datatype != "BOOL"
    if not suits:
        state[:] = CellState.WRONG_TYPE
        return Column(np.zeros(len(values)), state)
    if feature.type == "int":
        state[np.abs(values) >= EXACT_INTEGER] = CellState.OUT_OF_RANGE
    if feature.nullable:
        state[np.isnan(values)] = CellState.NULL
    return Column(values, state)
