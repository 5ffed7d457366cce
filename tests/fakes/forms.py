"""One table in every form a file may have, and readers of every form that know nothing of ours."""

import csv
import gzip
import io
import json
import random
from pathlib import Path

import duckdb

INPUTS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "parquet")
OUTPUTS = (None, *INPUTS)
TYPES = {"amount": "DOUBLE", "age": "INTEGER", "member": "BOOLEAN", "colour": "VARCHAR", "note": "VARCHAR"}
KINDS: dict[str, type | tuple[type, ...]] = {"DOUBLE": (int, float), "INTEGER": int, "BOOLEAN": bool, "VARCHAR": str}

# What CSV writes and what JSON writes for the same thing: both must fare the same.
CELLS: dict[str, list[tuple[str, object]]] = {
    "amount": [("5.1", 5.1), ("-0.25", -0.25), ("7", 7), ("1e2", 100.0), ("", None), ("wide", "wide"), ("1e6", 1e6)],
    "age": [("33", 33), ("0", 0), ("", None), ("", None), ("3.5", 3.5), ("200", 200), ("old", "old")],
    "member": [("true", True), ("false", False), ("true", True), ("", None), ("maybe", "maybe")],
    "colour": [("red", "red"), ("light green", "light green"), ('blue "navy", dark',) * 2, ("mauve", "mauve")],
    "note": [(t, t) for t in ("plain", 'say "hi"', "two\nlines", "a\r\nb", "é, ü; 東", "=1+1", "-5.10", " ", "x\ty")]
    + [("", None)],
}


def random_records(seed: int, rows: int) -> list[dict[str, tuple[str, object]]]:
    """Rows of cells, each as CSV and as JSON have it; most are sound."""
    chance = random.Random(seed)
    found = []
    for number in range(rows):
        row = {name: chance.choice(cells[:2] if chance.random() < 0.7 else cells) for name, cells in CELLS.items()}
        found.append({"row": (f"r{number}", f"r{number}"), **row})
    return found


def typed(records: list[dict[str, tuple[str, object]]], seed: int) -> tuple[dict[str, str], list[dict[str, object]]]:
    """Types of Parquet columns, some of them text only, and the values that fit; what does not fit becomes NULL."""
    chance = random.Random(seed)
    types = {"row": "VARCHAR"} | {n: t if chance.random() < 0.5 else "VARCHAR" for n, t in TYPES.items()}

    def fitted(name: str, text: str, value: object) -> object:
        if types[name] == "VARCHAR":
            return text or None
        right = isinstance(value, KINDS[types[name]]) and isinstance(value, bool) == (types[name] == "BOOLEAN")
        return value if right else None

    return types, [{name: fitted(name, *cell) for name, cell in record.items()} for record in records]


def write_csv(records: list[dict[str, tuple[str, object]]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["row", *CELLS])
    writer.writerows([text for text, _ in record.values()] for record in records)
    return file.getvalue().encode()


def write_jsonl(records: list[dict[str, tuple[str, object]]]) -> bytes:
    return "".join(
        json.dumps({name: value for name, (_, value) in record.items()}, ensure_ascii=False) + "\n"
        for record in records
    ).encode()


def write_parquet(path: Path, types: dict[str, str], rows: list[list[object]], group: int = 2048) -> None:
    """By parameters of DuckDB, which no cell can break out of."""
    with duckdb.connect() as duck:
        duck.execute(f"CREATE TABLE t ({', '.join(f'{quoted(name)} {type_}' for name, type_ in types.items())})")
        if rows:
            duck.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(types))})", rows)  # noqa: S608 - question marks
        duck.execute(f"COPY t TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {group})")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def read_output(path: Path, delimiter: str | None = None) -> list[dict[str, object]]:
    """The rows of a scored file, by its suffix; `delimiter` is that of CSV."""
    if path.suffix == ".parquet":
        with duckdb.connect() as duck:
            found = duck.execute(f"SELECT * FROM read_parquet('{path}')")  # noqa: S608 - a path of the test
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if ".jsonl" in path.name:
        return [json.loads(line) for line in body.decode().split("\n") if line]
    return list(csv.DictReader(io.StringIO(body.decode(), newline=""), delimiter=delimiter or ","))
