"""The rows of an open file, or of a shard of one, by its form and its settings."""

from __future__ import annotations

import io

from scorelet.csv_cut import Shard
from scorelet.csv_records import Readable, read_records
from scorelet.csv_rows import CsvRows
from scorelet.csv_shard import shard_rows
from scorelet.file_settings import FileSettings
from scorelet.gunzip import Gunzip
from scorelet.json_rows import JsonRows
from scorelet.rows import Rows
from scorelet.signature import Signature
from scorelet.table import CsvTable, Header, past_mark
from scorelet.table_form import JSONL, Form


def open_rows(file: Readable, form: Form, signature: Signature, settings: FileSettings, *, stretch_bytes: int) -> Rows:
    """The rows of a whole file, which is CSV or JSON lines; raises UnreadableFile."""
    body: Readable = Gunzip(file) if form.packed else file
    if form.kind == JSONL:
        body, skipped = past_mark(body)
        return JsonRows(read_records(body, stretch_bytes, byte=skipped, grammar=form.grammar), signature, settings)
    table = CsvTable(body, stretch_bytes=stretch_bytes, delimiter=form.delimiter, columns=settings.columns)
    return CsvRows(table.header, table.records(), signature, settings)


def open_shard(
    header: Header | None,
    shard: Shard,
    body: Readable,
    form: Form,
    signature: Signature,
    settings: FileSettings,
    *,
    stretch_bytes: int,
) -> Rows:
    """The rows of a shard, whose bytes `body` gives; `header` is that of the file, if its form has one."""
    records = read_records(body, stretch_bytes, byte=shard.begin, line=shard.line, grammar=form.grammar)
    if header is None:
        return JsonRows(records, signature, settings)
    has_header = shard.number == 1 and not settings.columns
    return CsvRows(header, shard_rows(records, header, has_header=has_header), signature, settings)


def read_header(head: bytes, form: Form, settings: FileSettings) -> Header | None:
    """The header of a file that begins so, or None for a form without; raises UnreadableFile."""
    if form.kind == JSONL:
        return None
    return CsvTable(io.BytesIO(head), delimiter=form.delimiter, columns=settings.columns).header
