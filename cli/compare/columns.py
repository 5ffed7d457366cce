"""What is needed of files of columns: how many rows of Parquet there are, and the last columns of scored files."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import duckdb
from scorelet.csv_cells import sql_text
from scorelet.csv_scan import MAX_RECORD_BYTES

from cli.compare.run import Incomparable

_LONGEST = 4 * MAX_RECORD_BYTES  # a scored row holds a record, our answers, and an apostrophe before every formula


def count_rows(path: Path) -> int:
    """The number of rows."""
    with duckdb.connect() as db:
        (found,) = db.execute(f"SELECT count(*) FROM read_parquet({sql_text(str(path))})").fetchall()[0]  # noqa: S608 - a quoted path
    return int(found)


def last_of_parquet(path: Path, count: int, target: Path) -> None:
    """Write the last `count` columns as CSV, with a header, the rows in their order."""
    rows = f"read_parquet({sql_text(str(path))})"
    with duckdb.connect() as db:
        names = [name for name, *_ in db.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()][-count:]  # noqa: S608 - a quoted path
    chosen = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    _write(f"SELECT {chosen} FROM {rows}", target)  # noqa: S608 - quoted names and a quoted path


def last_of_csv(path: Path, delimiter: str, count: int, target: Path) -> None:
    """The same of CSV, plain or packed, whose rows may be longer than a record; raises Incomparable."""
    width = _width(path, delimiter)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    packed = "gzip" if path.suffix == ".gz" else "none"
    rows = (
        f"read_csv({sql_text(str(path))}, header = true, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {sql_text(delimiter)}, quote = '\"', escape = '\"', new_line = '\\n', parallel = false, "
        f"max_line_size = {_LONGEST}, compression = '{packed}')"
    )
    chosen = ", ".join(f"c{i}" for i in range(width - count, width))
    try:
        _write(f"SELECT {chosen} FROM {rows}", target)  # noqa: S608 - our own names and a quoted path
    except duckdb.Error as error:
        raise Incomparable(f"{path} cannot be read back ({type(error).__name__})") from error


def _width(path: Path, delimiter: str) -> int:
    csv.field_size_limit(_LONGEST)
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8", newline="") as file
    ):
        return len(next(csv.reader(file, delimiter=delimiter), []))


def _write(query: str, target: Path) -> None:
    with duckdb.connect() as db:
        db.execute(f"COPY ({query}) TO {sql_text(str(target))} (HEADER)")
