"""Rejected rows: what was wrong with each, where it stands in the file, and its text as it came."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

import numpy as np

from scorelet.batch_answers import Answers
from scorelet.csv_cells import csv_field
from scorelet.csv_scan import MAX_RECORD_BYTES, Fault, Records
from scorelet.features import CellState
from scorelet.formulas import guarded
from scorelet.text_engine import Stretch

NO_ANSWER = "no_finite_answer"
HEADER = ("line", "byte", "column", "code", "reason", "raw")

_REASONS = {
    Fault.BAD_QUOTING: "a quote stands where RFC 4180 allows none, or a quoted field is never closed",
    Fault.BAD_LINE_END: "a carriage return that is not part of a line end",
    Fault.BAD_ENCODING: "the text is not UTF-8",
    Fault.TOO_LONG: f"the record is longer than {MAX_RECORD_BYTES} bytes; its raw text is cut",
    Fault.TOO_FEW_COLUMNS: "{found} columns where the header has {wanted}",
    Fault.TOO_MANY_COLUMNS: "{found} columns where the header has {wanted}",
    Fault.BAD_JSON: "the line is no JSON object, names a key twice, or is nested too deeply",
    Fault.NAME_TAKEN: "the line has a key that our answer would be written under",
}

_UNREAD = (Fault.BAD_QUOTING, Fault.BAD_LINE_END, Fault.BAD_ENCODING, Fault.TOO_LONG)  # which cell is which is unknown

_DECIMAL_COMMA = re.compile(rb'[;\t|"] *[+-]?[0-9]+,[0-9]+ *(?:$|[;\t|"])|^ *[+-]?[0-9]+,[0-9]+ *[;\t|]')

Verdict = tuple[int, str, str, str]  # the record's index, column, code, reason


class RejectFile:
    """Writes reject rows in the order of the file, and counts them by code.

    `numbered`: the file is no text, so a row has no line and no byte but its number, from 1.
    """

    def __init__(
        self,
        file: TextIO,
        *,
        guard: bool = True,
        id_of: Callable[[bytes], str] | None = None,
        numbered: bool = False,
    ) -> None:
        self._file, self._guard, self._id_of, self._numbered = file, guard, id_of, numbered
        self._write((*HEADER, "id") if id_of else HEADER)
        self.counts: Counter[str] = Counter()

    @property
    def rows(self) -> int:
        """How many rows were rejected so far."""
        return self.counts.total()

    def add(self, stretch: Stretch, answers: Answers, width: int, rows_before: int = 0) -> None:
        """Write every record of the stretch that was not scored, one row each."""
        verdicts = sorted([*_faults(stretch.records, width), *_problems(stretch, answers)])
        if not verdicts:
            return
        records = stretch.records
        lines = records.lines(np.array([index for index, *_ in verdicts], dtype=np.int64)).tolist()
        for line, (index, column, code, reason) in zip(lines, verdicts, strict=True):
            body = records.raw(index)
            cells = (column, code, reason, body.decode("utf-8", "backslashreplace"))
            place = (str(line), str(records.byte + int(records.start[index])))
            if self._numbered:
                place = (str(rows_before + index + 1), "")
            named = self._id_of and ("" if records.fault[index] in _UNREAD else self._id_of(body))
            self._write((*place, *cells) if named is None else (*place, *cells, named))
            self.counts[code] += 1

    def add_file_problem(self, code: str, reason: str) -> None:
        """Write why the whole file cannot be read. It is no row, so it is not counted."""
        self._write(("1", "0", "", code, reason, "", *([""] if self._id_of else [])))

    def _write(self, cells: Iterable[str]) -> None:
        """One line; what a feature, a row or an id is called must not become a formula."""
        self._file.write(",".join(csv_field(guarded(c) if self._guard else c) for c in cells) + "\n")


def _faults(records: Records, width: int) -> Iterator[Verdict]:
    for index in np.flatnonzero(records.fault).tolist():
        fault = Fault(int(records.fault[index]))
        yield index, "", fault.code, _REASONS[fault].format(found=int(records.columns[index]), wanted=width)


def _problems(stretch: Stretch, answers: Answers) -> Iterator[Verdict]:
    for row, problems in itertools.groupby(answers.encoded.problems(), key=lambda problem: problem.row):
        first, *others = problems
        also = "; also " + ", ".join(f"{p.feature}: {p.reason}" for p in others) if others else ""
        reason = f"{first.reason}; expected {first.expected}{also}"
        if first.code == CellState.WRONG_TYPE.code and _DECIMAL_COMMA.search(
            stretch.records.raw(int(stretch.sound[row]))
        ):
            reason += "; numbers have a decimal point, not a comma"
        yield int(stretch.sound[row]), first.feature, first.code, reason
    for index in answers.mute.tolist():
        yield index, "", NO_ANSWER, "the model has no finite answer for these values"
