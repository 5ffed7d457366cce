"""What the guard against formulas costs: processor time of scoring the same file with it and without, in this very run.

    python -m bench.formulas [--rows 300000] [--rounds 3]

Narrow and wide are the files of bench.batch (half of the amounts are negative). In "every row" one text in each row is
a formula; in "closer look" every row has one that begins like a formula and must be looked at alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from scorelet.batch_score import BatchOptions, score_file
from scorelet.file_settings import FileSettings
from scorelet.package import ModelPackage, load_package

from bench.batch_data import NARROW, WIDE, write_file
from cli.report import table
from tests.fakes.package import tiny_package

NOTES = {"every row": "=HYPERLINK(A1)", "closer look": "-1 of {i}"}


def main() -> None:
    """Print one line per file: seconds without, with, and how many times as long."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in (NARROW, WIDE, *NOTES):
            _write(folder / "table.csv", kind, args.rows)
            rounds = [[_seconds(folder, package, guard) for guard in (False, True)] for _ in range(args.rounds)]
            off, on = (min(column) for column in zip(*rounds, strict=True))
            lines.append([kind, f"{off:.2f}", f"{on:.2f}", f"{on / off:.2f} x"])
    print(f"{args.rows:,} rows, CPU seconds, best of {args.rounds}\n")
    print(table(["file", "guard off", "guard on", "ratio"], lines))


def _write(path: Path, kind: str, rows: int) -> None:
    if kind in (NARROW, WIDE):
        write_file(path, kind, rows)
        return
    with path.open("w") as file:
        file.write("id,amount,age,member,colour,note\n")
        file.writelines(f"{i},{i % 900}.5,{i % 130},true,red,{NOTES[kind].format(i=i)}\n" for i in range(rows))


def _seconds(folder: Path, package: ModelPackage, guard: bool) -> float:
    started = time.process_time()
    options = BatchOptions(threads=1, file=FileSettings(escape_formulas=guard))
    score_file(folder / "table.csv", package, folder, options)
    return time.process_time() - started


if __name__ == "__main__":
    main()
