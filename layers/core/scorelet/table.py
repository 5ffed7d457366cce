"""A CSV file as a table: the header, and the records under it. A record is what `csv_scan` says."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scorelet.csv_cells import csv_field, split_record
from scorelet.csv_records import Readable, read_records
from scorelet.csv_scan import MAX_RECORD_BYTES, Fault, Records
from scorelet.errors import UnreadableFile
from scorelet.file_settings import DELIMITERS, BadSettings
from scorelet.grammar import Grammar
from scorelet.signature import Signature

BOM = b"\xef\xbb\xbf"
MAX_COLUMNS = 10_000
STRETCH_BYTES = 3 << 18  # what is made of a stretch then stays in the processor's cache; memory is little


@dataclass(frozen=True, slots=True)
class Header:
    """The file's first record: its text as it came (without a byte order mark) and the names it holds."""

    raw: bytes
    names: tuple[str, ...]
    delimiter: str = ","
    given: bool = False  # by the settings: the file has none

    @classmethod
    def of(cls, names: Sequence[str], delimiter: str) -> Header:
        """The header that a file without one is given."""
        raw = delimiter.join(csv_field(name, delimiter) for name in names).encode()
        return cls(raw, tuple(names), delimiter, given=True)

    def positions(self, signature: Signature) -> dict[str, int]:
        """In which column each feature stands; raises UnreadableFile for a feature that is not there exactly once."""
        subject, wrong = ("the setting columns", BadSettings) if self.given else ("the header", UnreadableFile)
        missing = [name for name in signature.names if name not in self.names]
        if missing:
            raise wrong(f"{subject} lacks the model's columns: {', '.join(missing)}{self._hint(signature, missing)}")
        twice = [name for name in signature.names if self.names.count(name) > 1]
        if twice:
            raise wrong(f"{subject} names more than once: {', '.join(twice)}")
        return {name: self.names.index(name) for name in signature.names}

    def _hint(self, signature: Signature, missing: Sequence[str]) -> str:
        """What may be the matter, as far as the header tells it."""
        if self.given:
            return ""
        here = len(signature.names) - len(missing)
        for word, delimiter in DELIMITERS.items():
            if delimiter != self.delimiter and named(self.raw, delimiter, signature.names) > here:
                return f"; a {word} parts its names, but the settings say another delimiter"
        alike = {name.strip().casefold() for name in self.names}
        spelled = [name for name in missing if name.casefold() in alike]
        if spelled:
            return f"; spelled with other letters or spaces: {', '.join(spelled)}"
        return "" if here else "; a file without a header needs the settings header = false and columns"


def named(raw: bytes, delimiter: str, wanted: Sequence[str]) -> int:
    """How many of the wanted names a header holds if this is its delimiter."""
    try:
        return len(set(wanted) & set(split_record(raw, delimiter)))
    except (csv.Error, UnicodeDecodeError):
        return 0


class CsvTable:
    """A CSV file open for reading; the header is read at once. Raises UnreadableFile where there is none.

    `columns` are the names of a file that has no header.
    """

    def __init__(
        self,
        file: Readable,
        *,
        stretch_bytes: int = STRETCH_BYTES,
        delimiter: str = ",",
        columns: Sequence[str] = (),
    ) -> None:
        body, skipped = past_mark(file)
        self._stretches = read_records(body, stretch_bytes, byte=skipped, grammar=Grammar(delimiter))
        self._first = None if columns else next(self._stretches, None)
        if columns:
            self.header = Header.of(columns, delimiter)
        elif self._first is None:
            raise UnreadableFile("the file is empty: it has no header")
        else:
            self.header = Header(self._first.raw(0), names_of(self._first, delimiter), delimiter)

    def records(self) -> Iterator[Records]:
        """The rows' records, a stretch at a time. To be called once."""
        width = len(self.header.names)
        if self._first is not None and len(self._first) > 1:
            yield with_width(self._first.without_first(), width)
        for stretch in self._stretches:
            yield with_width(stretch, width)


@dataclass(slots=True)
class Rewound:
    """A file of which the beginning was read already."""

    head: bytes
    file: Readable

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        if not self.head:
            return self.file.read(size)
        piece, self.head = self.head[:size], self.head[size:]
        return piece


def past_mark(file: Readable) -> tuple[Readable, int]:
    """The file behind its byte order mark, and where that is."""
    head = file.read(len(BOM))
    return (file, len(BOM)) if head == BOM else (Rewound(head, file), 0)


_WHY = {
    Fault.BAD_LINE_END: ", a carriage return that is no part of a line end; lines end with LF or CRLF",
    Fault.BAD_QUOTING: ", a quote where none may stand, or one that is never closed; is the delimiter the right one?",
    Fault.TOO_LONG: f", it is longer than {MAX_RECORD_BYTES} bytes",
}


def names_of(first: Records, delimiter: str) -> tuple[str, ...]:
    """The names in a file's first record; raises UnreadableFile."""
    raw = first.raw(0)
    if first.fault[0] == Fault.BAD_ENCODING or b"\0" in raw:
        raise UnreadableFile("the file is not text in UTF-8")
    if first.fault[0] != Fault.NONE:
        fault = Fault(int(first.fault[0]))
        raise UnreadableFile(f"the header cannot be read: {fault.code}{_WHY.get(fault, '')}")
    if int(first.columns[0]) > MAX_COLUMNS:
        raise UnreadableFile(f"the header has {int(first.columns[0])} columns, more than {MAX_COLUMNS}")
    names = tuple(split_record(raw, delimiter))
    if not any(names):
        raise UnreadableFile("the first line is blank: there is no header")
    return names


def with_width(records: Records, width: int) -> Records:
    """Mark the records whose number of columns is not the header's."""
    sound = records.fault == Fault.NONE
    records.fault[sound & (records.columns < width)] = Fault.TOO_FEW_COLUMNS
    records.fault[sound & (records.columns > width)] = Fault.TOO_MANY_COLUMNS
    return records
