"""JSON lines written as a table: the same columns for every line and every part, whatever keys the lines have.

They are the id, what `keep` names or else the model's features, and our answers. Numbers keep their text, nothing is
guessed to be a date; a key that a line lacks, and null, are empty cells, and an empty text is two quotes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scorelet.batch_answers import answer_names
from scorelet.csv_cells import csv_field
from scorelet.csv_plain import Cells
from scorelet.csv_scan import Positions, Records
from scorelet.document import parse_json
from scorelet.file_settings import FileSettings
from scorelet.formulas import doubtful, guarded
from scorelet.json_alike import BACKSLASH
from scorelet.json_plain import texts
from scorelet.json_rows import JsonRows, Number, cell_text, with_numbers_as_text
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
        cells = [stretch.cells[name].part(rows) for name in self._written]
        unknown = cells[0].start < 0
        lines = [b"\n" + self._line(stretch.records.raw(row)) for row in rows[unknown].tolist()]
        delimiters = Texts.chosen([self.delimiter.encode(), b""], unknown.astype(np.int64))
        special = np.flatnonzero((stretch.roomy == ord(self.delimiter)) | (stretch.roomy == BACKSLASH))
        out = [Texts.chosen([b"\n"], np.zeros(len(rows), dtype=np.int64)).replaced(np.flatnonzero(unknown), lines)]
        for one in cells:
            out += [delimiters, self._texts(one, special)]
        return [out[0], *out[2:], *answers]

    def _texts(self, cells: Cells, special: Positions) -> Texts:
        """The values as they are written; `special` is where a text is not what stands there, or has to be quoted."""
        length, first, last = cells.end - cells.start, cells.data[cells.start], cells.data[cells.end - 1]
        quoted = texts(cells)
        odd = ~(quoted | (_BARE[0].take(first) & _BARE[1].take(last)))
        if quoted.any():
            odd |= quoted & (np.searchsorted(special, cells.start) < np.searchsorted(special, cells.end))
            if self._guard:
                odd |= quoted & doubtful(cells.data[cells.start + 1])
        odd &= length > 0
        within = quoted & (length > 2)  # an empty text keeps its quotes
        found = Texts(cells.data, cells.start + within, np.where(first == ord("n"), 0, length - 2 * within))
        return found.replaced(np.flatnonzero(odd), self._each(cells.part(odd))) if odd.any() else found

    def _each(self, cells: Cells) -> list[bytes]:
        """The values as they are written, read by the parser."""
        list_ = b"[" + cells.joined() + b"]"
        values, written = parse_json(list_), with_numbers_as_text(list_)
        return [self._cell(one, value).encode() for one, value in zip(written, values, strict=True)]

    def label(self, name: str) -> bytes:
        """A label as it is written, a delimiter before it."""
        return (self.delimiter + self._field(name)).encode()

    def _takes_our_names(self, names: Collection[str]) -> bool:  # noqa: ARG002 - only lines that pass whole can
        return False

    def _line(self, raw: bytes) -> bytes:
        written = with_numbers_as_text(raw)
        values = parse_json(raw) if any(isinstance(one, list | dict) for one in written.values()) else written
        return self.delimiter.join(self._cell(written.get(n), values.get(n)) for n in self._written).encode()

    def _cell(self, written: object, value: object) -> str:
        """A value as a cell, given it with its numbers as they were written, too."""
        if type(written) is Number or (type(written) is str and written.isalnum()):
            return written  # most cells: nothing in them to guard or to quote
        if value is None or isinstance(value, bool):
            return cell_text(value)
        return '""' if value == "" else self._field(cell_text(written if isinstance(written, str) else value))

    def _field(self, text: str) -> str:
        return csv_field(guarded(text) if self._guard else text, self.delimiter)
