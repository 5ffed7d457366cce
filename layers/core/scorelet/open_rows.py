"""The rows of an open file, or of a shard of one, by its form and its settings."""

from __future__ import annotations

import io
from collections.abc import Iterator

from scorelet.csv_cut import Shard
from scorelet.csv_records import Readable, read_records
from scorelet.csv_rows import CsvRows
from scorelet.csv_scan import Records
from scorelet.csv_shard import shard_rows
from scorelet.file_settings import BadSettings, FileSettings
from scorelet.grammar import Grammar
from scorelet.gunzip import Gunzip
from scorelet.json_rows import JsonRows
from scorelet.json_table import JsonTable
from scorelet.outputs import check_names
from scorelet.rows import Rows
from scorelet.signature import Signature
from scorelet.table import CsvTable, Header, past_mark
from scorelet.table_form import JSONL, Form


def open_rows(file: Readable, form: Form, signature: Signature, settings: FileSettings, *, stretch_bytes: int) -> Rows:
    """The rows of a whole file, which is CSV or JSON lines; raises UnreadableFile."""
    body: Readable = Gunzip(file) if form.packed else file
    if form.kind == JSONL:
        body, skipped = past_mark(body)
        lines = read_records(body, stretch_bytes, byte=skipped, grammar=form.grammar)
        return _json_rows(lines, form, signature, settings)
    table = CsvTable(body, stretch_bytes=stretch_bytes, delimiter=form.delimiter, columns=settings.columns)
    return _csv_rows(table.header, table.records(), form, signature, settings)


def open_parquet(
    file: Readable, header: Header, signature: Signature, settings: FileSettings, *, stretch_bytes: int
) -> Rows:
    """The rows of a Parquet file, of which `file` is the text; raises UnreadableFile."""
    if settings.columns:
        raise BadSettings("header and columns are for CSV; this file is Parquet")
    grammar = Grammar(header.delimiter)
    records = shard_rows(read_records(file, stretch_bytes, grammar=grammar), header, has_header=False)
    return _csv_rows(header, records, Form("parquet"), signature, settings)


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
        return _json_rows(records, form, signature, settings)
    has_header = shard.number == 1 and not settings.columns
    return _csv_rows(header, shard_rows(records, header, has_header=has_header), form, signature, settings)


def read_header(head: bytes, form: Form, settings: FileSettings) -> Header | None:
    """The header of a file that begins so, or None for a form without; raises UnreadableFile."""
    if form.kind == JSONL:
        return None
    return CsvTable(io.BytesIO(head), delimiter=form.delimiter, columns=settings.columns).header


def _json_rows(lines: Iterator[Records], form: Form, signature: Signature, settings: FileSettings) -> Rows:
    output = settings.output or form.output
    rows = (JsonRows if output.startswith(JSONL) else JsonTable)(lines, signature, settings)
    check_names(rows, output)
    return rows


def _csv_rows(
    header: Header, records: Iterator[Records], form: Form, signature: Signature, settings: FileSettings
) -> Rows:
    rows = CsvRows(header, records, signature, settings)
    check_names(rows, settings.output or form.output)
    return rows
