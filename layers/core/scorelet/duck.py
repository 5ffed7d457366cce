"""A DuckDB of one's own for work on whole files. What it says of them may quote cells, so it is never passed on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scorelet.errors import FileTooLarge, UnreadableFile


@contextmanager
def duck(scratch: Path, threads: int, unreadable: str | None = None) -> Iterator[Any]:
    """A connection; raises FileTooLarge for what takes more than its memory, which is always the same.

    With `unreadable`, every other error of DuckDB is raised as an UnreadableFile that says this; but a full disk, which
    may be another call's doing, is an OSError, and the delivery comes again.
    """
    import duckdb  # here, for files that need it

    config: dict[str, Any] = {
        "threads": threads,
        "memory_limit": "512MB",
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,  # Parquet and JSON are built in; nothing is fetched from anywhere
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")  # a moment has one text, wherever the machine is
        try:
            yield connection
        except duckdb.OutOfMemoryException:
            raise FileTooLarge("the file takes more memory than there is") from None
        except duckdb.Error as error:
            if "No space left" in str(error):
                raise OSError(errno.ENOSPC, "no space is left on the disk") from None
            if unreadable is None:
                raise
            raise UnreadableFile(f"{unreadable} ({type(error).__name__})") from None


def sql_name(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
