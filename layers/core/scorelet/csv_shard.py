"""A part of a CSV file as a table of its own: the rows, lines and bytes are those of the whole file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scorelet.csv_scan import Records
from scorelet.table import Header, with_width


def shard_rows(stretches: Iterable[Records], header: Header, *, has_header: bool) -> Iterator[Records]:
    """The rows among a shard's records. `has_header`: the first record is the header."""
    for records in stretches:
        rows = records.without_first() if has_header else records
        has_header = False
        if len(rows):
            yield with_width(rows, len(header.names))
