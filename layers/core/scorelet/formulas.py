"""Text that a spreadsheet would run as a formula, made harmless in CSV by one apostrophe, so that it can be undone.

What begins a formula: `=`, `+`, `-`, `@` and their full-width forms, also behind blanks; a tab, a line end or a NUL at the
start (OWASP, "CSV Injection"; ASVS 5.0, 1.2.10). A cell that begins so and is no number gets an apostrophe in front, and
so does one that begins with apostrophes and then so. To undo it, take one apostrophe away wherever apostrophes stand
before such a beginning: no other cell looks like that. A number is digits, with points and commas among them, a sign and
an exponent, blanks around it: nothing of that can do harm, and numbers stay numbers.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from scorelet.csv_scan import CR, LF, QUOTE, Records
from scorelet.grammar import Grammar
from scorelet.text_engine import Stretch, roomy
from scorelet.texts import SHORT, Bytes, Positions, items

_FORMULA = re.compile(r"'*(?:[\t\r\n\0]|[\s\0\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER = re.compile(r"\s*[+-]?(?=[.,]*[0-9])[0-9.,]+([eE][+-]?[0-9]+)?\s*", re.ASCII)


def is_formula(text: str) -> bool:
    """Whether a cell with this text gets an apostrophe."""
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text)


def guarded(text: str) -> str:
    """The text as a spreadsheet may see it.

    >>> [guarded(text) for text in ("=1+1", "-5.10", "-1+x", "'=x", "it's", " @x", "-1.234,50")]
    ["'=1+1", '-5.10', "'-1+x", "''=x", "it's", "' @x", '-1.234,50']
    """
    return "'" + text if is_formula(text) else text


def guard(stretch: Stretch) -> Stretch:
    """The stretch with an apostrophe in every cell that is a formula; the same stretch where none is."""
    records, places = stretch.records, formula_places(stretch.records, stretch.roomy)
    if not len(places):
        return stretch
    moved = {n: _moved(getattr(records, n), places) for n in ("start", "end", "lf", "borders")}
    records = replace(records, data=np.insert(records.data, places, ord("'")), **moved)
    return replace(stretch, records=records, roomy=roomy(records))


def guard_record(raw: bytes, delimiter: str) -> bytes:
    """The same for one sound record."""
    records = Grammar(delimiter).scan(raw + b"\n", final=True)
    places = formula_places(records, roomy(records))
    return np.insert(records.data, places, ord("'")).tobytes()[:-1]


def _moved(positions: Positions, places: Positions) -> Positions:
    return positions + np.searchsorted(places, positions)


# Where a cell may be a formula by its first byte, or, beyond ASCII, by its first two.
_BLANKS = [*range(0x21)]
_BEYOND = ["\u0085", "\u00a0", "\u1680", *map(chr, range(0x2000, 0x200C)), "\u2028", "\u205f", "\u3000", "\ufeff", "\uff1d"]
_NUMERIC = np.isin(np.arange(256), [ord(c) for c in "0123456789.,"])
_DIGIT = np.isin(np.arange(256), [ord(c) for c in "0123456789"])
_SURE = np.isin(np.arange(256), [ord(c) for c in "=@"])
_SIGN = np.isin(np.arange(256), [ord(c) for c in "+-"])
_BLANK = np.isin(np.arange(256), _BLANKS)
_ENDING = np.isin(np.arange(256), [ord(c) for c in "\t\r\n\0"])
_PAIRS = np.zeros(1 << 16, dtype=np.bool_)
_PAIRS[[256 * c.encode()[0] + c.encode()[1] for c in _BEYOND]] = True
_PAIRS[256 * ord("'") : 256 * ord("'") + 256] = True
_ODD = _PAIRS.reshape(256, 256).any(axis=1)
_DOUBTFUL = _SURE | _SIGN | _BLANK | _ODD
_DOUBTFUL_OR_QUOTED = _DOUBTFUL | (np.arange(256) == QUOTE)


def formula_places(records: Records, room: Bytes) -> Positions:
    """Where the texts of all cells that are formulas begin, ascending. `room` is the records' data with room around it.

    Nearly every cell is told by its first byte. Only what begins like a formula and may yet be none is looked at alone.
    """
    start = np.concatenate([records.start[:1], records.borders[:-1] + 1])
    cells = np.flatnonzero(_DOUBTFUL_OR_QUOTED[records.data[start]])
    if not len(cells):
        return cells
    start, end = _texts(records, start[cells], records.borders[cells])
    first = records.data[start]
    sure, odd = [start[_SURE[first]]], []
    for kind, look in ((_SIGN, _signed), (_BLANK, _blank), (_ODD, _beyond)):
        chosen = np.flatnonzero(kind[first])
        if len(chosen):
            formulas, unclear = look(room, start[chosen], end[chosen])
            sure.append(start[chosen[formulas]])
            odd += chosen[unclear].tolist()
    alone = [p for p in odd if is_formula(records.data[start[p] : end[p]].tobytes().decode("utf-8", "replace"))]
    return np.sort(np.concatenate([*sure, start[alone]]))


def _texts(records: Records, start: Positions, border: Positions) -> tuple[Positions, Positions]:
    """Where the texts of cells begin and end, without quotes and line ends; those that are not empty."""
    data = records.data
    end = border - ((data[border] == LF) & (data[border - 1] == CR))
    quoted = data[start] == QUOTE
    start, end = start + quoted, end - quoted
    some = start < end
    return start[some], end[some]


def _signed(room: Bytes, start: Positions, end: Positions) -> tuple[Positions, Positions]:
    """Of texts that begin with a sign: the formulas, and those that only a closer look tells."""
    length = end - start
    seen = SHORT // 2 if int(length.max()) <= SHORT // 2 else SHORT
    texts = items(room, seen)[start + SHORT].view(np.uint8).reshape(-1, seen)
    numeric = _NUMERIC[texts[:, 1:]]
    formula = (length == 1) | ~numeric[:, 0]
    numeric |= np.arange(1, seen) >= length[:, None]
    number = _DIGIT[texts[:, 1]] & (length <= seen) & numeric.all(axis=1)
    return np.flatnonzero(formula), np.flatnonzero(~formula & ~number)


def _blank(room: Bytes, start: Positions, end: Positions) -> tuple[Positions, Positions]:
    """The same of texts that begin with a blank."""
    place = start.copy()
    for _ in range(SHORT):
        place += _BLANK[room[place + SHORT]] & (place < end)
    seen = room[place + SHORT]
    doubtful = _DOUBTFUL[seen] & (place < end) & (seen != ord("'"))
    return start[:0], np.flatnonzero(_ENDING[room[start + SHORT]] | doubtful)


def _beyond(room: Bytes, start: Positions, end: Positions) -> tuple[Positions, Positions]:  # noqa: ARG001 - as the others
    """The same of texts that begin with an apostrophe or beyond ASCII."""
    pairs = room[start + SHORT].astype(np.int64) * 256 + room[start + SHORT + 1]
    return start[:0], np.flatnonzero(_PAIRS[pairs])
