"""What is needed of Parquet files: how many rows there are, and their last columns as text."""

from __future__ import annotations

from pathlib import Path

import duckdb
from scorelet.csv_cells import sql_text


def count_rows(path: Path) -> int:
    """The number of rows."""
    with duckdb.connect() as db:
        (found,) = db.execute(f"SELECT count(*) FROM read_parquet({sql_text(str(path))})").fetchall()[0]  # noqa: S608 - a quoted path
    return int(found)


def last_columns(path: Path, count: int, target: Path) -> None:
    """Write the last `count` columns as CSV, with a header, the rows in their order."""
    with duckdb.connect() as db:
        rows = f"read_parquet({sql_text(str(path))})"
        names = [name for name, *_ in db.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()][-count:]  # noqa: S608 - a quoted path
        chosen = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        db.execute(f"COPY (SELECT {chosen} FROM {rows}) TO {sql_text(str(target))} (HEADER)")  # noqa: S608 - quoted names and paths
