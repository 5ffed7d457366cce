"""What each form in and out costs: processor time of scoring the same rows, beside CSV to CSV in this very run.

    python -m bench.forms [--rows 300000] [--rounds 3]

The rows are those of bench.batch's narrow file. "In" is written as CSV, "out" comes of CSV; "as it came" is the same
form in and out.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from scorelet.batch_score import BatchOptions, score_file
from scorelet.csv_cells import sql_text
from scorelet.file_settings import OUTPUTS, FileSettings
from scorelet.package import ModelPackage, load_package

from bench.batch_data import NARROW, write_file
from cli.report import table
from tests.fakes.package import tiny_package

NUMBERS: dict[str, Callable[[str], object]] = {"amount": float, "age": int, "member": lambda text: text == "true"}


def main() -> None:
    """Print one line per form: how many times as long as CSV to CSV, in, out, and as it came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_all(folder, args.rows)
        pairs = list(dict.fromkeys(p for form in OUTPUTS for p in ((form, "csv"), ("csv", form), (form, form))))
        found = {pair: float("inf") for pair in pairs}
        for _ in range(args.rounds):
            for pair in pairs:
                found[pair] = min(found[pair], _seconds(folder, package, *pair))
        sizes = {form: (folder / f"table.{form}").stat().st_size / 1e6 for form in OUTPUTS}
    base = found["csv", "csv"]
    print(f"{args.rows:,} rows, CPU seconds, best of {args.rounds}; CSV to CSV {base:.2f} s\n")
    lines = [
        [
            form,
            f"{sizes[form]:.0f}",
            *(f"{found[p] / base:.2f} x" for p in ((form, "csv"), ("csv", form), (form, form))),
        ]
        for form in OUTPUTS
    ]
    print(table(["form", "MB in", "in", "out", "as it came"], lines))


def _write_all(folder: Path, rows: int) -> None:
    plain = folder / "table.csv"
    write_file(plain, NARROW, rows)
    with plain.open(newline="") as file, (folder / "table.jsonl").open("w") as lines:
        for row in csv.DictReader(file):
            lines.write(json.dumps({n: _value(n, t) for n, t in row.items()}) + "\n")
    for form in ("csv", "jsonl"):
        (folder / f"table.{form}.gz").write_bytes(gzip.compress((folder / f"table.{form}").read_bytes(), 6))
    with duckdb.connect() as duck:
        names = [sql_text(str(folder / f"table.{form}")) for form in ("csv", "parquet")]
        duck.execute(f"COPY (FROM read_csv({names[0]})) TO {names[1]} (FORMAT parquet)")


def _value(name: str, text: str) -> object:
    return NUMBERS[name](text) if name in NUMBERS and text else text or None


def _seconds(folder: Path, package: ModelPackage, form: str, output: str) -> float:
    started = time.process_time()
    options = BatchOptions(threads=1, file=FileSettings(output=output))
    totals = score_file(folder / f"table.{form}", package, folder, options)
    seconds = time.process_time() - started
    if totals.rows_scored != totals.rows_in:
        raise RuntimeError(f"{form} was not scored in full: {totals.rejects_by_code}")
    return seconds


if __name__ == "__main__":
    main()
