"""The scored rows in the format asked for, from the CSV or the JSON lines that scoring wrote.

The number of rows is checked on the way, and the bytes are the same for the same file.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scorelet.batch_answers import answer_names
from scorelet.csv_cells import sql_text
from scorelet.csv_scan import MAX_RECORD_BYTES
from scorelet.duck import duck, sql_name
from scorelet.errors import FileTooLarge
from scorelet.file_settings import BadSettings
from scorelet.json_sql import json_value
from scorelet.rows import Rows
from scorelet.signature import Signature

PLAIN = "scored"  # what scoring itself writes, whatever it is
_MOST_CELLS = 1 << 21  # of a row group: memory for wide tables
_LEVEL = 4  # of gzip: quicker than the usual 6, and hardly longer


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """How what comes of a file is written.

    `types` are DuckDB's, by name, for columns that were more than text. `numbered`: rejects name the row's number
    instead of a place in a text. `most_bytes` bounds what scoring writes; more is refused.
    """

    output: str = "csv"
    types: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = False
    most_bytes: int | None = None

    def check(self, written: int) -> None:
        """Raise FileTooLarge where this is more than may be written."""
        if self.most_bytes is not None and written > self.most_bytes:
            raise FileTooLarge(f"scored, the file is more than {self.most_bytes >> 20} MiB, too much for one piece")


def check_names(rows: Rows, output: str) -> None:
    """Raise BadSettings where the columns cannot have their names in the output."""
    kind = output.partition(".")[0]
    if kind in ("csv", rows.kind):
        return
    if len({name.lower() for name in rows.names}) != len(rows.names):
        raise BadSettings(f"for output {output} the columns need names that differ by more than case; or write csv")
    if any(not name or "\0" in name for name in rows.names):
        raise BadSettings(f"for output {output} every column needs a name, of text; drop the one without, or write csv")


def write_output(folder: Path, rows: Rows, wanted: Wanted, signature: Signature, count: int) -> Output:
    """Turn `folder`/scored, which holds `count` rows as `rows` writes them, into `folder`/scored<suffix>."""
    kind, _, packed = wanted.output.partition(".")
    plain, target = folder / PLAIN, folder / f"scored{OUTPUTS[kind].suffix}"
    if kind == rows.kind:
        plain.rename(target)
    else:
        _convert(plain, rows, wanted, target, signature, count)
        plain.unlink()
    if packed:
        _pack(target, folder / f"scored{OUTPUTS[wanted.output].suffix}")
        target.unlink()
    return OUTPUTS[wanted.output]


def _pack(source: Path, target: Path) -> None:
    with (
        source.open("rb") as body,
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as file,  # no name and no time: the same bytes every time
    ):
        shutil.copyfileobj(body, file, 1 << 20)


def _convert(source: Path, rows: Rows, wanted: Wanted, target: Path, signature: Signature, count: int) -> None:
    """By DuckDB, from CSV; raises RuntimeError should it see other rows than were written."""
    names = rows.names
    ours = len(answer_names(signature, ()))
    numbers = ours - (signature.task != "regression")
    passed, parquet = len(names) - ours, target.suffix == ".parquet"
    types = [wanted.types.get(name, "VARCHAR") if i < passed else "VARCHAR" for i, name in enumerate(names)]
    types[len(names) - numbers :] = ["FLOAT"] * numbers
    group = min(122_880, max(2048, _MOST_CELLS // len(names)))
    written = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group}" if parquet else "FORMAT json"
    with duck(target.parent, 1) as connection:
        write = _typed if parquet else lambda cell, type_: json_value(cell, connection.sqltype(type_))
        cells = [f"{write(f'c{i}', types[i])} AS {sql_name(name)}" for i, name in enumerate(names)]
        query = f"SELECT {', '.join(cells)} FROM {_source(source, len(names), rows.delimiter)}"  # noqa: S608 - quoted
        (found,) = connection.execute(f"COPY ({query}) TO {sql_text(str(target))} ({written})").fetchone()
    if found != count:
        raise RuntimeError(f"{found} rows were written as {target.suffix} of {count}")


def _typed(cell: str, type_: str) -> str:
    return cell if type_ == "VARCHAR" else f"CAST({cell} AS {type_})"


def _source(path: Path, width: int, delimiter: str) -> str:
    """All cells as text: an empty one is NULL, and one of two quotes is not."""
    columns: Sequence[str] = [f"'c{i}': 'VARCHAR'" for i in range(width)]
    return (
        f"read_csv({sql_text(str(path))}, header = true, auto_detect = false, columns = {{{', '.join(columns)}}}, "
        f"delim = {sql_text(delimiter)}, quote = '\"', escape = '\"', new_line = '\\n', allow_quoted_nulls = false, "
        f"parallel = false, max_line_size = {4 * MAX_RECORD_BYTES})"
    )
