"""JSON lines written as a table: the same columns for every line and every part, whatever keys the lines have.

They are the id, what `keep` names or else the model's features, and our answers. Numbers keep their text, nothing is
guessed to be a date; a key that a line lacks, and null, are empty cells, and an empty text is two quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scorelet.batch_answers import answer_names
from scorelet.csv_cells import csv_field
from scorelet.csv_plain import Bools, Cells
from scorelet.csv_scan import Positions, Records
from scorelet.file_settings import FileSettings
from scorelet.formulas import doubtful, guarded
from scorelet.json_plain import texts
from scorelet.json_rows import JsonRows, Number, cell_text, parsed, with_numbers_as_text
from scorelet.signature import Signature
from scorelet.text_engine import Stretch
from scorelet.texts import Texts

_BARE = np.zeros((2, 256), dtype=np.bool_)  # how numbers, true, false and null begin and end; -Infinity is none
_BARE[0, [ord(c) for c in "-0123456789tfn"]] = _BARE[1, [ord(c) for c in "0123456789el"]] = True


class JsonTable(JsonRows):
    """JSON lines of which columns are written, as CSV."""

    kind = "csv"

    def __init__(self, lines: Iterator[Records], signature: Signature, settings: FileSettings) -> None:
        super().__init__(lines, signature, settings)
        id_ = (settings.id,) if settings.id else ()
        self._written = list(dict.fromkeys((*id_, *(settings.keep or signature.names))))
        self._answers = answer_names(signature, self._written)
        self._guard = settings.guards_csv
        self.delimiter = settings.delimiter or ","

    @property
    def names(self) -> Sequence[str]:
        """The columns of the scored file."""
        return [*self._written, *self._answers]

    def head(self) -> bytes:
        """The names of the columns."""
        return (self.delimiter.join(map(self._field, self.names)) + "\n").encode()

    def lines(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """A line end, what is kept of the line, and our answers."""
        marks = np.flatnonzero(stretch.roomy == ord(self.delimiter))
        cells = [stretch.cells[name].part(rows) for name in self._written]
        odd = np.logical_or.reduce([self._are_odd(cell, marks) for cell in cells])
        lines = [self._line(stretch.records.raw(row)) for row in rows[odd].tolist()]
        line = np.zeros(len(rows), dtype=np.int64)
        line[odd] = np.arange(1, len(lines) + 1)
        out = [Texts.chosen([b"\n", *(b"\n" + one for one in lines)], line)]
        delimiters = Texts.chosen([self.delimiter.encode(), b""], odd.astype(np.int64))
        for cell in cells:
            start, length = _bare(cell)
            length[odd] = 0
            out += [delimiters, Texts(stretch.roomy, start, length)]
        return [out[0], *out[2:], *answers]

    def _are_odd(self, cells: Cells, marks: Positions) -> Bools:
        """Which values are written otherwise than they stand in the line, without the quotes; or are not known."""
        first, last, quoted = cells.data[cells.start], cells.data[cells.end - 1], texts(cells)
        odd: Bools = ~(quoted | (_BARE[0].take(first) & _BARE[1].take(last)))
        if quoted.any():
            odd |= quoted & (np.searchsorted(marks, cells.start) < np.searchsorted(marks, cells.end))
            if self._guard:
                odd |= quoted & doubtful(cells.data[cells.start + 1])
        odd &= cells.start < cells.end
        odd |= cells.start < 0
        return odd

    def label(self, name: str) -> bytes:
        """A label as it is written, a delimiter before it."""
        return (self.delimiter + self._field(name)).encode()

    def _takes_our_names(self, names: Iterable[str]) -> bool:  # noqa: ARG002 - only lines that pass whole can
        return False

    def _line(self, raw: bytes) -> bytes:
        values = with_numbers_as_text(raw)
        return self.delimiter.join(self._cell(values.get(name), raw, name) for name in self._written).encode()

    def _cell(self, value: object, raw: bytes, name: str) -> str:
        if type(value) is Number or (type(value) is str and value.isalnum()):
            return value  # most cells: nothing in them to guard or to quote
        if value is None or isinstance(value, bool):
            return cell_text(value)
        if value == "":
            return '""'
        if isinstance(value, list | dict):
            value = (parsed(raw) or {})[name]  # its numbers are numbers again
        return self._field(cell_text(value))

    def _field(self, text: str) -> str:
        return csv_field(guarded(text) if self._guard else text, self.delimiter)


def _bare(cells: Cells) -> tuple[Positions, Positions]:
    """Where values start without their quotes, and how long they are. An empty text keeps them; null is nothing."""
    length = cells.end - cells.start
    quoted = texts(cells) & (length > 2)
    length = np.where(cells.data[cells.start] == ord("n"), 0, length - 2 * quoted)
    return cells.start + quoted, length
