"""JSON lines as a table: one object per line, read as the API reads a record, so that both give the same answer.

The line is passed through as it came, with our answer written before its closing brace. Values keep their types: a
number in quotes is text here, as it is for the API.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.batch_answers import answer_names
from scorelet.csv_scan import Fault, Records
from scorelet.document import parse_json
from scorelet.errors import BadRequest
from scorelet.features import Column, columns_from_records
from scorelet.file_settings import BadSettings, FileSettings
from scorelet.json_alike import read_alike
from scorelet.signature import Signature
from scorelet.text_engine import Stretch, TextEngine, roomy
from scorelet.texts import Texts


class JsonRows:
    """A file of JSON lines. It has no header: what a line lacks is missing in its row."""

    kind, width = "jsonl", 1
    delimiter = ","

    def __init__(self, lines: Iterator[Records], signature: Signature, settings: FileSettings) -> None:
        if settings.drop or settings.columns:
            raise BadSettings("drop, header and columns are for tables; this file is JSON lines")
        if settings.keep and self.kind == "jsonl":
            raise BadSettings("keep is for outputs of columns; a JSON line passes through as it is, so set output too")
        self._id = settings.id or ""
        self._stretches = lines
        self._signature = signature
        self._answers = answer_names(signature, signature.names)
        self._written: Sequence[str] = ()  # the keys whose values are written one by one

    @property
    def names(self) -> Sequence[str]:
        """None: lines name their own."""
        return ()

    def records(self) -> Iterator[Records]:
        """The lines, a stretch at a time. To be called once."""
        yield from self._stretches

    def head(self) -> bytes:
        """What stands before the scored rows."""
        return b""

    def read(self, engine: TextEngine, records: Records) -> Stretch:  # noqa: ARG002 - the other tables need it
        """The features of the lines that are objects; the others are marked."""
        text = roomy(records)
        lines = read_alike(self._signature, records, text, self._written)
        taken = [number for number, shape in enumerate(lines.shapes) if self._takes_our_names(shape.names)]
        records.fault[np.isin(lines.shape, taken)] = Fault.NAME_TAKEN
        found: dict[int, dict[str, Any]] = {}
        for index in np.flatnonzero((lines.shape < 0) & (records.fault == Fault.NONE)).tolist():
            value = parsed(records.raw(index))
            if value is None:
                records.fault[index] = Fault.BAD_JSON
            elif self._takes_our_names(value):
                records.fault[index] = Fault.NAME_TAKEN
            else:
                found[index] = value
        lines.put(list(found), columns_from_records(self._signature, list(found.values())))
        sound = np.flatnonzero(records.fault == Fault.NONE)
        columns = {name: Column(c.values[sound], c.state[sound]) for name, c in lines.columns.items()}
        return Stretch(records, sound, columns, text, lines.cells)

    def _takes_our_names(self, names: Collection[str]) -> bool:
        return any(name in names for name in self._answers)

    def lines(self, stretch: Stretch, rows: NDArray[np.int64], answers: Sequence[Texts]) -> list[Texts]:
        """A line end and the line up to its closing brace, our answers with their names, the brace.

        A line that is scored has a feature, so a comma may follow it.
        """
        texts, records = stretch.lines(rows), stretch.records
        lengths = texts.length - 1  # with the line end before it and without the brace
        for i in np.flatnonzero(records.data[records.end[rows] - 1] != ord("}")).tolist():
            lengths[i] = len(records.raw(int(rows[i])).rstrip(b" \t\r"))
        out = [Texts(texts.data, texts.start, lengths)]
        for name, answer in zip(self._answers, answers, strict=True):
            out.append(Texts.chosen([f",{json.dumps(name)}:".encode()], np.zeros(len(rows), dtype=np.int64)))
            out.append(Texts(answer.data, answer.start + 1, answer.length - 1))  # without its comma
        return [*out, Texts.chosen([b"}"], np.zeros(len(rows), dtype=np.int64))]

    def row_id(self, raw: bytes) -> str:
        """The row's id where the settings name a key for it, as far as the line can be read."""
        value = parsed(raw) if self._id else None
        if not value or type(value.get(self._id)) not in (int, float):
            return cell_text(value.get(self._id)) if value else ""
        return str(with_numbers_as_text(raw)[self._id])

    def label(self, name: str) -> bytes:
        """A label as it is written, a comma before it."""
        return b"," + json.dumps(name).encode()


class Number(str):
    """A number as it was written."""

    __slots__ = ()


_NUMBERS_AS_TEXT = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=str)


def with_numbers_as_text(raw: bytes) -> Any:
    """The document that `parse_json` has read, its numbers as they were written."""
    return _NUMBERS_AS_TEXT.decode(raw.decode())


def parsed(raw: bytes) -> dict[str, Any] | None:
    """The object of a line, by the rules of the API; None for what is none."""
    try:
        value = parse_json(raw)
    except BadRequest:
        return None
    return value if isinstance(value, dict) else None


def cell_text(value: object) -> str:
    """A value as the text of a cell, which is UTF-8: half a character stays an escape.

    >>> [cell_text(value) for value in ("a b", None, True, 5.5, [1, "é"], "\\ud800")]
    ['a b', '', 'true', '5.5', '[1,"é"]', '\\\\ud800']
    """
    if value is None or isinstance(value, bool):
        return "" if value is None else "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode()
