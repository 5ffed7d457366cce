"""Text that a spreadsheet would run as a formula, made harmless in CSV, so that it can be undone.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return and is no number gets an apostrophe in front; so
does one that begins with apostrophes before such a character. To undo it, take one apostrophe away wherever apostrophes
stand before such a character.
"""

from __future__ import annotations

import csv
import io
import re

import numpy as np

from scorelet.csv_cells import split_record
from scorelet.csv_scan import QUOTE, Flags, Records
from scorelet.texts import SHORT, Positions, Texts

_RISKY = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FIRST = np.zeros(256, dtype=np.bool_)
_FIRST[[ord(c) for c in "=+-@\t\r'"]] = True
_DIGIT = np.zeros(256, dtype=np.bool_)
_DIGIT[[ord(c) for c in "0123456789."]] = True


def guarded(text: str) -> str:
    """The text as a spreadsheet may see it.

    >>> [guarded(text) for text in ("=1+1", "-5.10", "-1+x", "'=x", "it's")]
    ["'=1+1", '-5.10', "'-1+x", "''=x", "it's"]
    """
    return "'" + text if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def guard_lines(records: Records, rows: Positions, lines: Texts, delimiter: str) -> Texts:
    """The same lines, those rewritten that hold such a cell. `lines` are a line end and the record of each row."""
    risky = np.flatnonzero(_may_be_risky(records)[rows])
    found = [(i, new) for i in risky.tolist() if (new := _rewritten(records.raw(int(rows[i])), delimiter)) is not None]
    if not found:
        return lines
    written = Texts.of([b"\n" + new for _, new in found])
    start, length = lines.start.copy(), lines.length.copy()
    index = np.array([i for i, _ in found])
    start[index], length[index] = written.start + len(lines.data), written.length
    return Texts(np.concatenate([lines.data, written.data]), start, length)


def _may_be_risky(records: Records) -> Flags:
    """Which records have a cell that a closer look is worth. A minus before a digit usually is a number's."""
    data = np.concatenate([records.data, np.zeros(SHORT, dtype=np.uint8)])
    starts = np.concatenate([records.start, records.borders + 1])
    first = data[starts]
    quoted = np.flatnonzero(first == QUOTE)
    starts[quoted] += 1
    first[quoted] = data[starts[quoted]]
    places = starts[_FIRST[first]]
    signed = _DIGIT[data[places + 1]] & np.isin(data[places], [ord("-"), ord("+")])
    places = places[~signed | _odd_number(data, places)]
    flags = np.zeros(len(records), dtype=np.bool_)
    inside = np.searchsorted(records.start, places, side="right") - 1
    flags[inside[inside >= 0]] = True
    return flags


def _odd_number(data: np.ndarray, places: Positions) -> Flags:
    """Which texts after a sign are not plainly digits and points up to the cell's end, as far as 16 bytes tell."""
    odd, open_ = np.zeros(len(places), dtype=np.bool_), np.ones(len(places), dtype=np.bool_)
    last = len(data) - 1
    for step in range(1, SHORT):
        here = data[np.minimum(places + step, last)]
        digit = _DIGIT[here]
        ends = np.isin(here, [ord(c) for c in ',;\t|"\r\n'])
        odd |= open_ & ~digit & ~ends
        open_ &= digit
    return odd | open_


def _rewritten(raw: bytes, delimiter: str) -> bytes | None:
    """The record with its risky cells guarded; None where none is."""
    cells = split_record(raw, delimiter)
    safe = [guarded(cell) for cell in cells]
    if safe == cells:
        return None
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(safe)
    return line.getvalue().encode()
