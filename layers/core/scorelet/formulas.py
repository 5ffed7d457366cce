"""Text that a spreadsheet would run as a formula, made harmless in CSV by one apostrophe, so that it can be undone.

What begins a formula: `=`, `+`, `-`, `@` and their full-width forms, also behind blanks; a tab, a line end or a NUL at
the start (OWASP, "CSV Injection"; ASVS 5.0, 1.2.10). A cell that begins so and is no number gets an apostrophe in
front, and so does one that begins with apostrophes and then so. To undo it, take one apostrophe away wherever
apostrophes stand before such a beginning: no other cell looks like that. A number is digits, with points and commas
among them, a sign and an exponent, blanks around it: nothing of that can do harm, and numbers stay numbers.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from scorelet.csv_scan import CR, LF, QUOTE, Flags, Records
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
    moved = replace(
        records,
        data=np.insert(records.data, places, ord("'")),
        start=_moved(records.start, places),
        end=_moved(records.end, places),
        lf=_moved(records.lf, places),
        borders=_moved(records.borders, places),
    )
    return replace(stretch, records=moved, roomy=roomy(moved))


def guard_record(raw: bytes, delimiter: str) -> bytes:
    """The same for one sound record."""
    records = Grammar(delimiter).scan(raw + b"\n", final=True)
    places = formula_places(records, roomy(records))
    return np.insert(records.data, places, ord("'")).tobytes()[:-1]


def _moved(positions: Positions, places: Positions) -> Positions:
    return positions + np.searchsorted(places, positions)


def _among(characters: str) -> Flags:
    flags = np.zeros(256, dtype=np.bool_)
    flags[[ord(c) for c in characters]] = True
    return flags


_SURE, _SIGN, _BLANK, _ENDING = _among("=@"), _among("+-"), _among("".join(map(chr, range(33)))), _among("\t\r\n\0")
_DIGIT, _NUMERIC, _QUOTE = _among("0123456789"), _among("0123456789.,"), _among('"')
# The first two bytes of what begins beyond ASCII or with an apostrophe, and may go on as a formula.
_PAIRS = np.zeros((256, 256), dtype=np.bool_)
_BLANKS_BEYOND = "\u0085\u00a0\u1680\u2000\u2028\u205f\u3000\ufeff"  # others begin with the same two bytes
for _character in _BLANKS_BEYOND + "\uff1d":
    _PAIRS[tuple(_character.encode()[:2])] = True
_PAIRS[ord("'")] = True
_ODD: Flags = np.asarray(_PAIRS.any(axis=1))
_DOUBTFUL: Flags = _SURE | _SIGN | _BLANK | _ODD
_SUSPECT: Flags = _DOUBTFUL | _QUOTE


def _of(kind: Flags, data: Bytes) -> Flags:
    """Which bytes are of a kind: three times as fast as indexing."""
    return kind.take(data, mode="clip")


def doubtful(first: Bytes) -> Flags:
    """Whether texts that begin with these bytes may be formulas; for all others that is ruled out."""
    return _of(_DOUBTFUL, first)


def formula_places(records: Records, room: Bytes) -> Positions:
    """Where the texts of all cells that are formulas begin, ascending. `room` is the records' data with room around it.

    Nearly every cell is told by its first byte. Only what begins like a formula and may yet be none is looked at alone.
    """
    start = np.concatenate([records.start[:1], records.borders[:-1] + 1])
    cells = np.flatnonzero(_of(_SUSPECT, records.data.take(start)))
    if not len(cells):
        return cells
    start, end = _texts(records, start[cells], records.borders[cells])
    first = records.data[start]
    sure, odd = [start[_of(_SURE, first)]], []
    for kind, look in ((_SIGN, _signed), (_BLANK, _blank), (_ODD, _beyond)):
        chosen = np.flatnonzero(_of(kind, first))
        if len(chosen):
            formulas, unclear = look(room, start[chosen], end[chosen])
            sure.append(start[chosen[formulas]])
            odd += chosen[unclear].tolist()
    alone = [p for p in odd if is_formula(records.data[start[p] : end[p]].tobytes().decode("utf-8", "replace"))]
    return np.sort(np.concatenate([*sure, start[alone]]))


def _texts(records: Records, start: Positions, border: Positions) -> tuple[Positions, Positions]:
    """Where the texts of cells that may be formulas begin and end, without quotes and line ends."""
    data = records.data
    quoted = data[start] == QUOTE
    start = start + quoted
    left = np.flatnonzero(_of(_DOUBTFUL, data[start]))
    start, border = start[left], border[left]
    end = border - ((data[border] == LF) & (data[border - 1] == CR)) - quoted[left]
    some = start < end
    return start[some], end[some]


def _signed(room: Bytes, start: Positions, end: Positions) -> tuple[Positions, Positions]:
    """Of texts that begin with a sign: the formulas, and those that only a closer look tells."""
    length = end - start
    seen = SHORT // 2 if int(length.max()) <= SHORT // 2 else SHORT
    texts = items(room, seen)[start + SHORT].view(np.uint8).reshape(-1, seen)
    numeric = _of(_NUMERIC, texts[:, 1:])
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
    return start[:0], np.flatnonzero(_PAIRS[room[start + SHORT], room[start + SHORT + 1]])
