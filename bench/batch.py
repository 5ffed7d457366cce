"""Batch scoring against its peers, whole jobs on one core: rows a second, and ratios within this very run.

    python -m bench.batch [--rows 3000000] [--wide-rows 1000000] [--rounds 3] [--peers .venv-peers/bin/python]

Ours is the whole way from the object to the committed manifest, in a store of plain files. Seconds are processor time,
user and system together, of a process that may use one core; the best of the rounds counts. Rounds of all
contestants alternate, so a busy machine slows all of them.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scorelet.batch import score_object
from scorelet.batch_score import BatchOptions
from scorelet.events.s3 import S3Object
from scorelet.model import runtime
from scorelet.package import ModelPackage, load_package

from bench.batch_data import NARROW, WIDE, write_file
from bench.batch_peers import ANSWERS, LABELS, PEERS
from bench.file_store import FileStore
from tests.fakes.package import tiny_package

ONE_CORE = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
OURS, DUCK = "scorelet", "duckdb, read and write only"
CSV_LOOP = "csv module + onnxruntime"


def main() -> None:
    """Print one table per file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--wide-rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=".venv-peers/bin/python", help="the interpreter that has the peers")
    parser.add_argument("--skip", action="append", default=[], help="a contestant to leave out")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps({OURS: _ours, DUCK: _duckdb}[args.one[0]](Path(args.one[1]))))
        return
    for kind, rows in ((NARROW, args.rows), (WIDE, args.wide_rows)):
        if rows:
            _contest(kind, rows, args)


def _contest(kind: str, rows: int, args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_file(folder / "table.csv", kind, rows)
        size = (folder / "table.csv").stat().st_size
        _save_answers(folder, _ours(folder)["key"])
        names = [n for n in (OURS, DUCK, *PEERS) if n not in args.skip]
        found = {n: _best([_run(n, folder, args.peers) for _ in range(1)]) for n in names if n == CSV_LOOP}
        for _ in range(args.rounds):
            for n in names:
                if n != CSV_LOOP:  # slow, and steady
                    found[n] = _best([_run(n, folder, args.peers), *([found[n]] if n in found else [])])
    print(f"\n{kind}: {rows:,} rows, {size / 1e6:.0f} MB of CSV in, one core\n")
    print("| | CPU seconds | M rows/s | scorelet is | peak MB | versions |\n|---|---:|---:|---:|---:|---|")
    for n in names:
        one, ratio = found[n], found[n]["seconds"] / found[OURS]["seconds"]
        print(
            f"| {n} | {one['seconds']:.2f} | {rows / one['seconds'] / 1e6:.2f} | {ratio:.2f} x "
            f"| {one['peak_mb']:.0f} | {one['versions']} |",
            flush=True,
        )


def _best(runs: list[dict]) -> dict:
    return min(runs, key=lambda run: run["seconds"])


def _run(name: str, folder: Path, peers: str) -> dict:
    """One contestant once, in a process of its own that may use one core."""
    script = str(Path(__file__).with_name("batch_peers.py"))
    own = name in (OURS, DUCK)
    command = [sys.executable, "-m", "bench.batch", "--one"] if own else [peers, script]
    before = {n: os.environ.get(n) for n in ONE_CORE}
    done = subprocess.run(  # noqa: S603 - our own command
        ["taskset", "-c", "0", *command, name, str(folder)],  # noqa: S607 - a command of every Linux
        env={**os.environ, **ONE_CORE, **{k: v for k, v in before.items() if v}},
        stdout=subprocess.PIPE,
        check=True,
    )
    return {"peak_mb": float("nan"), **json.loads(done.stdout.splitlines()[-1])}


def _ours(folder: Path) -> dict:
    store, models = FileStore(folder / "store"), _OneModel()
    etag = store.put("data", "incoming/tiny/table.csv", folder / "table.csv")
    size = (folder / "table.csv").stat().st_size
    obj = S3Object("data", "incoming/tiny/table.csv", None, etag, size, "2026-01-01T00:00:00Z")
    for key in [info.key for info in store.list("data", "scored/")]:
        store.delete("data", key)
    started = time.process_time()
    outcome = score_object(obj, store, models, BatchOptions(threads=1, scratch=folder))
    seconds = time.process_time() - started
    manifest = outcome.manifest
    if not (outcome.committed and manifest and manifest["rows_rejected"] == 0):
        raise RuntimeError("the file was not scored in full")
    peak = _peak_mb()
    versions = f"numpy {np.__version__}, {runtime()[0]}"
    return {"seconds": seconds, "peak_mb": peak, "versions": versions, "key": manifest["parts"][0]["key"]}


def _peak_mb() -> float:
    """The most memory this process has held. (`ru_maxrss` would include the parent's, from before exec.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


class _OneModel:
    """The tiny package of the tests: 4 features, 8 hidden units, 3 classes."""

    def __init__(self) -> None:
        self.package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)

    def current(self, name: str, now: float) -> ModelPackage:  # noqa: ARG002 - the protocol's
        return self.package

    def version(self, name: str, version: int, digest: str | None = None) -> ModelPackage:  # noqa: ARG002 - the same
        return self.package


def _duckdb(folder: Path) -> dict:
    """Read the table, types inferred, put ready answers beside it, write it."""
    import duckdb

    answers = np.load(folder / "answers.npz")
    ready = {"prediction": np.array(LABELS, dtype=object)[answers["label"]], **{n: answers[n] for n in ANSWERS[1:]}}
    duck = duckdb.connect(config={"threads": 1})
    duck.register("ready", ready)
    started = time.process_time()
    source, target = folder / "table.csv", folder / "duck.csv"
    duck.execute(f"COPY (SELECT * FROM read_csv('{source}') POSITIONAL JOIN ready) TO '{target}' (HEADER)")  # noqa: S608 - our own paths
    return {"seconds": time.process_time() - started, "versions": f"duckdb {duckdb.__version__}"}


def _save_answers(folder: Path, key: str) -> None:
    """What our run answered, for the peers that only read and write."""
    with (folder / "store" / "data" / key).open(newline="") as file:
        reader = csv.DictReader(file)
        rows = [(LABELS.index(row["prediction"]), *(row[name] for name in ANSWERS[1:])) for row in reader]
    columns = np.array(rows, dtype=np.float64).T
    arrays = {name: column.astype(np.float32) for name, column in zip(ANSWERS[1:], columns[1:], strict=True)}
    np.savez(folder / "answers.npz", label=columns[0].astype(np.int64), **arrays)


if __name__ == "__main__":
    main()
