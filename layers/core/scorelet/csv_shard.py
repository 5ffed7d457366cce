"""A part of a CSV file as a table of its own: the rows, lines and bytes are those of the whole file."""

from __future__ import annotations

import io
from collections.abc import Iterator

from scorelet import csv_scan
from scorelet.csv_cut import Shard
from scorelet.csv_records import Readable, read_records
from scorelet.csv_scan import Records
from scorelet.table import BOM, STRETCH_BYTES, CsvTable, Header, with_width


def head_bytes() -> int:
    """How much of a file's beginning says all about its header: a mark, the longest record, its CRLF, one byte more."""
    return len(BOM) + csv_scan.MAX_RECORD_BYTES + 3


def read_header(head: bytes) -> tuple[Header, int]:
    """The header, and the byte where it starts; raises UnreadableFile. `head` is the file's first `head_bytes()`."""
    return CsvTable(io.BytesIO(head)).header, len(BOM) if head.startswith(BOM) else 0


class CsvShard:
    """Some whole records of a CSV file; `file` gives the shard's bytes."""

    def __init__(self, header: Header, shard: Shard, file: Readable, *, stretch_bytes: int = STRETCH_BYTES) -> None:
        self.header = header
        self._shard = shard
        self._stretches = read_records(file, stretch_bytes, byte=shard.begin, line=shard.line)

    def records(self) -> Iterator[Records]:
        """The rows' records, a stretch at a time. To be called once."""
        is_header = self._shard.number == 1
        for records in self._stretches:
            rows = records.without_first() if is_header else records
            is_header = False
            if len(rows):
                yield with_width(rows, len(self.header.names))
