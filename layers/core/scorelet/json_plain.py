"""Values of plain JSON cells straight from the bytes, as `csv_plain` reads those of CSV, under the rules of JSON.

Plain is what nearly every cell is: a number that `csv_plain` reads too, true, false, null, and text without escapes.
A cell that is plain is JSON. What is plain and no value of the feature's type is told as not plain: the parser judges.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scorelet.csv_plain import MINUS, QUOTE, Bools, Cells, PlainColumn, read_plain
from scorelet.features import CellState
from scorelet.signature import Feature

POINT, ZERO, NINE = (ord(c) for c in ".09")
_NUMBER = Feature("number", "float")


def texts(cells: Cells) -> Bools:
    """Which cells begin and end with a quote; that no others are between is for the line to tell."""
    return np.asarray((cells.data[cells.start] == QUOTE) & (cells.data[cells.end - 1] == QUOTE))


def read_json(feature: Feature | None, cells: Cells) -> PlainColumn:
    """The feature's values, and which cells were plain; without a feature, only whether they are."""
    has_words = bool((cells.data[cells.start] > NINE).any())
    if feature is None:
        nothing, plain = np.zeros(len(cells.start)), texts(cells)
        for word in (b"null", b"true", b"false") if has_words else ():
            plain |= _are(cells, word)
        if not plain.all():
            plain |= read_plain(_NUMBER, cells).plain & _well_written(cells)
        return PlainColumn(nothing, nothing.astype(np.uint8), plain)
    column = read_plain(feature, cells)
    column = replace(column, plain=column.plain & _of_type(feature, cells))
    if has_words:
        null = _are(cells, b"null")
        column.values[null], column.state[null], column.plain[null] = 0.0, CellState.NULL, True
    return column


def _of_type(feature: Feature, cells: Cells) -> Bools:
    """Whether a cell that CSV would read for the feature is of its type in JSON."""
    if feature.type == "category":
        return texts(cells) & (cells.end - cells.start > 2)
    if feature.type == "bool":
        first = cells.data[cells.start]
        return np.asarray((first == ord("t")) | (first == ord("f")))
    return _well_written(cells)


def _well_written(cells: Cells) -> Bools:
    """Whether what CSV takes for a number is one in JSON: a digit on both sides of the point, no zero before others.

    -0 is left out as well: it is an integer, which has no sign.
    """
    data: NDArray[np.uint8] = cells.data
    minus = data[cells.start] == MINUS
    lead = cells.start + minus
    first, last = data[lead], data[cells.end - 1]
    fine: Bools = (first >= ZERO) & (first <= NINE) & (last != POINT)
    zero = first == ZERO
    fine &= ~zero | (data[lead + 1] == POINT) | ((cells.end - lead == 1) & ~minus)
    return fine


def _are(cells: Cells, text: bytes) -> Bools:
    found = cells.begin_with(text)
    found &= cells.end - cells.start == len(text)
    return found
