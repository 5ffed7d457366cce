"""Whole files from one format to another, by DuckDB: Parquet to CSV before scoring, scored rows to what is asked for.

The number of rows is checked on the way, and what comes out is the same for the same file.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from scorelet.batch_answers import answer_names
from scorelet.csv_cells import sql_text
from scorelet.errors import UnreadableFile
from scorelet.file_settings import BadSettings
from scorelet.rows import Rows
from scorelet.signature import Signature
from scorelet.table_form import CSV, JSONL, Form

MOST_VALUES = 50_000_000  # that may come of any Parquet file; more only where the file is big itself
_VALUES_PER_BYTE = 50


@dataclass(frozen=True, slots=True)
class Output:
    """The scored file as it is uploaded: `scored<suffix>`."""

    suffix: str
    content_type: str


OUTPUTS = {
    "csv": Output(".csv", "text/csv; charset=utf-8"),
    "csv.gz": Output(".csv.gz", "application/gzip"),
    "jsonl": Output(".jsonl", "application/x-ndjson"),
    "jsonl.gz": Output(".jsonl.gz", "application/gzip"),
    "parquet": Output(".parquet", "application/vnd.apache.parquet"),
}


def parquet_to_csv(source: Path, target: Path, threads: int) -> None:
    """Write a Parquet file as CSV: numbers as the shortest text that reads back the same; raises UnreadableFile."""
    with _duck(target.parent, threads) as duck:
        name = sql_text(str(source))
        try:
            (values,) = duck.execute(f"SELECT coalesce(sum(num_values), 0) FROM parquet_metadata({name})").fetchone()  # noqa: S608 - a quoted path
            if values > max(MOST_VALUES, _VALUES_PER_BYTE * source.stat().st_size):
                raise UnreadableFile(f"the file is {source.stat().st_size} bytes of Parquet for {values} values")
            duck.execute(f"COPY (SELECT * FROM read_parquet({name})) TO {sql_text(str(target))} (HEADER)")  # noqa: S608 - a quoted path
        except duckdb.Error as error:
            raise UnreadableFile(f"the file is no Parquet that can be read: {_first_line(error)}") from error


def write_output(folder: Path, rows: Rows, form: Form, output: str, signature: Signature, count: int) -> Output:
    """Turn `folder`/scored.csv, which holds `count` rows as they came, into the format asked for."""
    kind, _, packed = output.partition(".")
    written, target = folder / "scored.csv", folder / f"scored{OUTPUTS[kind].suffix}"
    if kind != form.kind:
        plain = folder / "plain"
        written.rename(plain)
        _convert(plain, rows, form, target, kind, signature, count)
    elif target != written:
        written.rename(target)
    if packed:
        with (
            target.open("rb") as body,
            (folder / f"scored{OUTPUTS[output].suffix}").open("wb") as raw,
            gzip.GzipFile("", "wb", 6, raw, mtime=0) as file,  # no name and no time: the same bytes every time
        ):
            shutil.copyfileobj(body, file, 1 << 20)
        target.unlink()
    return OUTPUTS[output]


def _convert(source: Path, rows: Rows, form: Form, target: Path, kind: str, signature: Signature, count: int) -> None:
    if form.kind == JSONL and kind == CSV:
        raise BadSettings("JSON lines are written as jsonl, jsonl.gz or parquet, not as CSV")
    names = rows.names
    if len({name.lower() for name in names}) != len(names):
        raise BadSettings(f"for output {kind} the columns need distinct names, whatever their case")
    numbers = len(answer_names(signature, ())) - (signature.task != "regression")
    table = _json_source(source) if form.kind == JSONL else _csv_source(source, names, numbers, form.delimiter)
    form_sql = {"parquet": "FORMAT parquet, COMPRESSION zstd", "jsonl": "FORMAT json"}[kind]
    with _duck(target.parent, 1) as duck:
        (found,) = duck.execute(f"COPY (SELECT * FROM {table}) TO {sql_text(str(target))} ({form_sql})").fetchone()  # noqa: S608 - quoted
    source.unlink()
    if found != count:
        raise RuntimeError(f"{found} rows were written as {kind} of {count}")


def _csv_source(source: Path, names: Sequence[str], numbers: int, delimiter: str) -> str:
    first = len(names) - numbers
    types = ["VARCHAR"] * first + ["FLOAT"] * numbers
    columns = ", ".join(f"{sql_text(name)}: '{type_}'" for name, type_ in zip(names, types, strict=True))
    return (
        f"read_csv({sql_text(str(source))}, header = true, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {sql_text(delimiter)}, "
        f"quote = '\"', escape = '\"', parallel = false, max_line_size = {4 << 20})"
    )


def _json_source(source: Path) -> str:
    return f"read_json({sql_text(str(source))}, format = 'newline_delimited', sample_size = -1)"


def _duck(scratch: Path, threads: int) -> Any:
    config: dict[str, Any] = {"threads": threads, "memory_limit": "512MB", "temp_directory": str(scratch)}
    return duckdb.connect(config=config)


def _first_line(error: Exception) -> str:
    """DuckDB quotes what it read on later lines."""
    return str(error).partition("\n")[0][:200]
