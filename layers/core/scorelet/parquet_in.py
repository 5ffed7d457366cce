"""A Parquet file as CSV to be scored, one record per row: the text of every value, and what types they had.

Numbers are the shortest text that reads back the same, NULL is an empty cell, and an empty text two quotes. Values that
hold values (lists, structs, maps) are one text, such as `[{'a': 1}]`, which DuckDB reads back the same. `outputs` makes
columns of the file's own types of it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.csv_cells import csv_field, sql_text
from scorelet.csv_scan import MAX_RECORD_BYTES
from scorelet.duck import duck
from scorelet.errors import FileTooLarge, UnreadableFile
from scorelet.json_sql import HOLDERS
from scorelet.signature import Signature
from scorelet.table import MAX_COLUMNS, Header

MOST_VALUES = 50_000_000  # that may come of any Parquet file; more only where the file is big itself
MOST_TEXT_BYTES = 512 << 20
MOST_ROW_BYTES = MAX_RECORD_BYTES // 4  # of text; written as CSV, with quotes doubled, it surely is a record
_VALUES_PER_BYTE = 50
_REFUSED = "the file is no Parquet that can be read"


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """What a file holds: names in order, DuckDB's types of the columns that are more than text, the number of rows."""

    header: Header
    types: Mapping[str, str]
    rows: int


def parquet_to_csv(
    source: Path, target: Path, signature: Signature, threads: int, delimiter: str = ","
) -> ParquetTable:
    """Write the rows of a Parquet file as CSV without a header; raises UnreadableFile.

    A row of more than `MOST_ROW_BYTES` of text becomes one line that is too long for a record.
    """
    with duck(target.parent, threads, _REFUSED) as connection:
        name = sql_text(str(source))
        columns = _columns(connection, name)
        _check(connection, name, columns, signature, source.stat().st_size)
        aliases = ", ".join(f"c{i}" for i in range(len(columns)))
        rows = f"read_parquet({name}, hive_partitioning = false) AS t({aliases})"
        cells = _cells(connection, rows, [type_ for _, type_, _ in columns])
        query = f"SELECT {', '.join(cells)} FROM {rows}"  # noqa: S608 - a quoted path, and our own names
        form = f"HEADER false, DELIMITER {sql_text(delimiter)}"
        (count,) = connection.execute(f"COPY ({query}) TO {sql_text(str(target))} ({form})").fetchone()
        kinds = [connection.sqltype(type_) if nested else type_ for _, type_, nested in columns]
    names = tuple(name for name, *_ in columns)
    types = {name: type_ for (name, type_, _), kind in zip(columns, kinds, strict=True) if _is_kept(kind)}
    raw = delimiter.join(csv_field(name, delimiter) for name in names).encode()
    return ParquetTable(Header(raw, names, delimiter), types, count)


def _columns(connection: Any, name: str) -> list[tuple[str, str, bool]]:
    """Name, type and whether it is nested, of every column. DuckDB itself renames what differs by case only."""
    schema = connection.execute(f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({name})").fetchall()  # noqa: S608 - a quoted path
    if len(schema) > MAX_COLUMNS + 1:
        raise UnreadableFile(f"the file has {len(schema) - 1} columns, more than {MAX_COLUMNS}")
    found = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({name}, hive_partitioning = false)").fetchall()  # noqa: S608 - a quoted path
    top = list(_children(iter(schema)))
    if len(top) != len(found) or any("\0" in one for one, _ in top):
        raise UnreadableFile(_REFUSED)
    return [(one, str(type_), bool(children)) for (one, children), (_, type_, *_) in zip(top, found, strict=True)]


def _children(schema: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The top level of a schema that is listed depth first."""
    _, count = next(schema)
    for _ in range(count):
        name, children = next(schema)
        yield name, children
        below = children
        while below:
            below += next(schema)[1] - 1


def _check(
    connection: Any, name: str, columns: Sequence[tuple[str, str, bool]], signature: Signature, size: int
) -> None:
    (values,) = connection.execute(f"SELECT coalesce(sum(num_values), 0) FROM parquet_metadata({name})").fetchone()  # noqa: S608 - a quoted path
    if values > max(MOST_VALUES, _VALUES_PER_BYTE * size):
        raise FileTooLarge(f"the file is {size} bytes of Parquet for {values} values")
    nested = [column for column, _, is_nested in columns if is_nested and column in signature.names]
    if nested:
        raise UnreadableFile(f"features of the model are lists or structs in the file: {', '.join(nested)}")


def _cells(connection: Any, rows: str, types: Sequence[str]) -> list[str]:
    """SQL for the text of every column."""
    texts = [f"CAST(c{i} AS VARCHAR)" for i, type_ in enumerate(types) if not _is_short(type_)]
    cells = [f"c{i}" for i in range(len(types))]
    if not texts:
        return cells
    length = " + ".join(f"coalesce(strlen({text}), 0)" for text in texts)
    total, longest = connection.execute(f"SELECT sum({length}), max({length}) FROM {rows}").fetchone()  # noqa: S608 - our own names
    if (total or 0) > MOST_TEXT_BYTES:
        raise FileTooLarge(f"the file unpacks to {total} bytes of text, more than {MOST_TEXT_BYTES >> 20} MiB")
    if (longest or 0) <= MOST_ROW_BYTES:
        return cells
    for i, type_ in enumerate(types):
        if not _is_short(type_):
            one_line = f"translate(CAST(c{i} AS VARCHAR), chr(10) || chr(13), '  ')"
            cells[i] = f"CASE WHEN {length} > {MOST_ROW_BYTES} THEN {one_line} ELSE CAST(c{i} AS VARCHAR) END"
    padding = f"CASE WHEN {length} > {MOST_ROW_BYTES} THEN repeat(' ', {MAX_RECORD_BYTES}) ELSE '' END"
    last = max(i for i, type_ in enumerate(types) if not _is_short(type_))
    cells[last] = f"coalesce({cells[last]}, CASE WHEN {length} > {MOST_ROW_BYTES} THEN '' END) || {padding}"
    return cells


def _is_kept(type_: Any) -> bool:
    """Whether the text of every value reads back as the very same value, and is more than text."""
    if isinstance(type_, str):
        return _is_short(type_) or type_ == "BLOB"
    if type_.id in HOLDERS:
        return all(str(child) == "VARCHAR" or _is_kept(child) for _, child in type_.children)
    return _is_kept(str(type_))


def _is_short(type_: str) -> bool:
    """Whether every value's text is: a number, a truth, a date."""
    kinds = ("INT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "DATE", "TIME", "UUID", "INTERVAL")
    return "[" not in type_ and "(" not in type_.replace("DECIMAL(", "") and any(kind in type_ for kind in kinds)
