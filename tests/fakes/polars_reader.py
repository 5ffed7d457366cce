"""Read a Parquet file with polars and print what it holds as JSON. Runs where polars is, and nothing of ours.

python tests/fakes/polars_reader.py FILE [COLUMN VALUE]

With a column and a value only the rows that have it: polars then skips row groups by their statistics.
"""

import json
import sys

import polars


def main(path: str, *wanted: str) -> dict[str, object]:
    """Names and types of the columns, the rows, and the text of every value that JSON has no word for."""
    frame = polars.scan_parquet(path)
    if wanted:
        frame = frame.filter(polars.col(wanted[0]) == wanted[1])
    found = frame.collect()
    return {"types": {name: str(type_) for name, type_ in found.schema.items()}, "rows": found.rows()}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:]), default=str))
