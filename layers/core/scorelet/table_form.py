"""What kind of table a file is, by its first bytes and its settings."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self

from scorelet.csv_records import read_records
from scorelet.csv_scan import MAX_RECORD_BYTES, Fault
from scorelet.errors import UnreadableFile
from scorelet.file_settings import DELIMITERS, BadSettings, FileSettings
from scorelet.grammar import LINES, Grammar
from scorelet.gunzip import MAGIC, unpacked_head
from scorelet.json_document import begins_with_object, told_document
from scorelet.table import BOM, named

CSV, JSONL, PARQUET = "csv", "jsonl", "parquet"
HEAD_BYTES = len(BOM) + MAX_RECORD_BYTES + 3  # a mark, the longest record, its CRLF, one byte more
_NAMES = {CSV: "CSV", JSONL: "JSON lines", PARQUET: "Parquet"}
PARQUET_MAGIC = b"PAR1\x15"  # with the first byte of what follows: text may begin with PAR1


@dataclass(frozen=True, slots=True)
class Form:
    """`kind` is csv, jsonl or parquet; `packed` with gzip; `delimiter` counts for CSV only."""

    kind: str = CSV
    packed: bool = False
    delimiter: str = ","

    @property
    def grammar(self) -> Grammar:
        """How its bytes are cut into records."""
        return LINES if self.kind == JSONL else Grammar(self.delimiter)

    @property
    def can_be_cut(self) -> bool:
        """Whether a part of the bytes is a part of the rows."""
        return not self.packed and self.kind != PARQUET

    @property
    def output(self) -> str:
        """The format of the scored file where the settings name none: as it came."""
        return f"{self.kind}.gz" if self.packed else self.kind

    def read_as(self, settings: FileSettings) -> dict[str, Any]:
        """How the file is read, as its manifest tells it: what was found, or given."""
        is_csv = self.kind == CSV
        return {
            "format": self.kind,
            "compression": "gzip" if self.packed else None,
            "delimiter": self.delimiter if is_csv else None,
            "header": settings.header if is_csv else None,
        }

    @contextmanager
    def told(self, settings: FileSettings) -> Iterator[dict[str, Any]]:
        """How the file is read, which an UnreadableFile that is raised within tells too."""
        read_as = self.read_as(settings)
        try:
            yield read_as
        except UnreadableFile as error:
            error.read_as = read_as
            raise

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(str(data["kind"]), bool(data["packed"]), str(data["delimiter"]))


COMMA_CSV = Form()


def find_form(head: bytes, settings: FileSettings, wanted: Sequence[str]) -> Form:
    """The form of a file that begins so, with its first `HEAD_BYTES`; raises UnreadableFile.

    What the settings leave open is found: a file that begins with an object is JSON lines, and the delimiter is the one
    of comma, semicolon, tab and pipe with which the header names most of `wanted`, of equals the first. Without a
    header it is the comma. Nothing is guessed from how the rows look. A `format` that the file surely has not is said.
    """
    packed = head.startswith(MAGIC)
    if packed:
        head = unpacked_head(head, HEAD_BYTES)
        _check_unpacked(head)
    elif head.startswith(PARQUET_MAGIC) and settings.format in (None, PARQUET):
        return Form(PARQUET)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile("the file is in UTF-16 or UTF-32, as its byte order mark says; save it as UTF-8")
    head = head.removeprefix(BOM)
    if settings.format:
        _check_format(settings.format, head, wanted, packed=packed)
    if settings.format == PARQUET:
        return Form(PARQUET)
    if not settings.columns and (document := told_document(head)):
        raise UnreadableFile(document)
    if settings.format == JSONL or (settings.format is None and head.lstrip().startswith(b"{")):
        return Form(JSONL, packed)
    return Form(CSV, packed, settings.delimiter or ("," if settings.columns else _found_delimiter(head, wanted)[0]))


def _check_unpacked(head: bytes) -> None:
    if head.startswith(PARQUET_MAGIC):
        raise UnreadableFile("the file is Parquet in gzip; drop it unpacked: Parquet is packed in itself")
    if head.startswith(MAGIC):
        raise UnreadableFile("the file is gzip in gzip; pack it once")


def _check_format(given: str, head: bytes, wanted: Sequence[str], *, packed: bool) -> None:
    """Raise BadSettings where the beginning is surely that of another format; what is doubtful is a matter of rows."""
    found = _sure_format(head, wanted)
    if found and found != given:
        raise BadSettings(f"format is {given!r}, but the file is {_NAMES[found]}{' in gzip' if packed else ''}")
    if given == PARQUET and (packed or not head.startswith(PARQUET_MAGIC[:4])):
        raise BadSettings(f"format is {given!r}, but the file does not begin as Parquet does")


def _sure_format(head: bytes, wanted: Sequence[str]) -> str | None:
    """No header of CSV is an object, and nothing else names all features in its first line."""
    if head.startswith(PARQUET_MAGIC):
        return PARQUET
    if begins_with_object(head):
        return JSONL
    return CSV if _found_delimiter(head, wanted)[1] == len(set(wanted)) else None


def _found_delimiter(head: bytes, wanted: Sequence[str]) -> tuple[str, int]:
    """The delimiter, and how many of the names the header holds with it."""
    best, most = ",", 0
    for delimiter in DELIMITERS.values():
        first = next(read_records(io.BytesIO(head[:HEAD_BYTES]), HEAD_BYTES, grammar=Grammar(delimiter)), None)
        if first is None or first.fault[0] != Fault.NONE:
            continue
        found = named(first.raw(0), delimiter, wanted)
        if found > most:
            best, most = delimiter, found
        if found == len(set(wanted)):
            break
    return best, most
