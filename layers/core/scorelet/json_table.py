"""JSON lines written as a table: the same columns for every line and every part, whatever keys the lines have.

They are the id, what `keep` names or else the model's features, and our answers. Numbers keep their text, nothing is
guessed to be a date; a key that a line lacks, and null, are empty cells, and an empty text is two quotes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.batch_answers import answer_names
from scorelet.csv_cells import csv_field
from scorelet.csv_scan import Records
from scorelet.file_settings import FileSettings
from scorelet.formulas import guarded
from scorelet.json_rows import JsonRows, Number, cell_text, parsed, with_numbers_as_text
from scorelet.signature import Signature
from scorelet.text_engine import Stretch
from scorelet.texts import Texts


class JsonTable(JsonRows):
    """JSON lines of which columns are written, as CSV."""

    kind = "csv"

    def __init__(self, lines: Iterator[Records], signature: Signature, settings: FileSettings) -> None:
        super().__init__(lines, signature, settings)
        id_ = (settings.id,) if settings.id else ()
        self._passed = list(dict.fromkeys((*id_, *(settings.keep or signature.names))))
        self._answers = answer_names(signature, self._passed)
        self._guard = settings.guards_csv
        self.delimiter = settings.delimiter or ","

    @property
    def names(self) -> Sequence[str]:
        """The columns of the scored file."""
        return [*self._passed, *self._answers]

    def head(self) -> bytes:
        """The names of the columns."""
        return (self.delimiter.join(map(self._field, self.names)) + "\n").encode()

    def lines(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """A line end, what is kept of the line, and our answers."""
        return [Texts.of([b"\n" + self._line(stretch.records.raw(row)) for row in rows.tolist()]), *answers]

    def label(self, name: str) -> bytes:
        """A label as it is written, a delimiter before it."""
        return (self.delimiter + self._field(name)).encode()

    def _takes_our_names(self, value: dict[str, Any]) -> bool:  # noqa: ARG002 - only lines that pass whole can
        return False

    def _line(self, raw: bytes) -> bytes:
        values = with_numbers_as_text(raw)
        return self.delimiter.join(self._cell(values.get(name), raw, name) for name in self._passed).encode()

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
