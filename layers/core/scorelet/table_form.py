"""What kind of table a file is, by its first bytes and its settings."""

from __future__ import annotations

import codecs
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from scorelet.csv_records import read_records
from scorelet.csv_scan import MAX_RECORD_BYTES, Fault
from scorelet.errors import UnreadableFile
from scorelet.file_settings import DELIMITERS, FileSettings
from scorelet.grammar import LINES, Grammar
from scorelet.gunzip import MAGIC, unpacked_head
from scorelet.table import BOM, named

CSV, JSONL, PARQUET = "csv", "jsonl", "parquet"
HEAD_BYTES = len(BOM) + MAX_RECORD_BYTES + 3  # a mark, the longest record, its CRLF, one byte more
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
    header it is the comma. Nothing is guessed from how the rows look.
    """
    packed = head.startswith(MAGIC)
    if packed:
        head = unpacked_head(head, HEAD_BYTES)
        if head.startswith(PARQUET_MAGIC):
            raise UnreadableFile("the file is Parquet in gzip; drop it unpacked: Parquet is packed in itself")
    elif head.startswith(PARQUET_MAGIC) or settings.format == PARQUET:
        return Form(PARQUET)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile("the file is in UTF-16 or UTF-32, as its byte order mark says; save it as UTF-8")
    head = head.removeprefix(BOM)
    if settings.format == JSONL or (settings.format is None and head.lstrip().startswith(b"{")):
        return Form(JSONL, packed)
    return Form(CSV, packed, settings.delimiter or ("," if settings.columns else _found_delimiter(head, wanted)))


def _found_delimiter(head: bytes, wanted: Sequence[str]) -> str:
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
    return best
