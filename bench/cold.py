"""Cold starts of the built functions, beside an empty handler and the same model on other runtimes.

    make bench-cold

Each start is a new process of CPython 3.13 with Lambda's own runtime client and what the function's layers hold, asked
for one answer. Starts take turns, so that a busy machine harms all alike; figures are medians. predict reads its model
over TLS from a folder on this machine and the others from a mocked AWS; the hook asks a server that knows predict's
answers. S3's own time is not in here (predict's reads are counted instead), nor is the time in which AWS fetches the
code and starts a micro-VM. Files are in the page cache.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from bench.cold_subjects import COLD_SITE, Subject, sandbox, subjects, write_peers, write_registry
from bench.folder_s3 import folder_s3
from bench.machine import machine
from systemtests.built import RUNTIME, layer_folder
from systemtests.stage import stage
from tests.fakes.deployment import deployment

WARM_CALLS = 30
EMPTY, PREDICT, HOOK = 0, 1, 2  # places in the list of subjects
GOAL_MS = 150  # predict's first answer, above an empty handler's


@dataclass(frozen=True, slots=True)
class Start:
    """One cold start."""

    init_ms: float
    first_ms: float
    cpu_ms: float  # of both, on whatever processor
    warm_ms: float
    peak_mb: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=15)
    args = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_registry(folder)
        write_peers(folder)
        with (
            folder_s3(folder, folder) as (s3, reads),
            stage("127.0.0.1") as aws,
            deployment(lambda _: None) as deploying,
        ):
            subject_list = subjects(folder, s3, aws, deploying)
            start(subject_list[HOOK])  # which finds out predict's answers
            reads.clear()
            found = measure(subject_list, args.starts)
            gets = len(reads) // args.starts
    rows = [row(subject, found[subject.name]) for subject in subject_list]
    print_table(rows, gets)


def measure(subject_list: list[Subject], starts: int) -> dict[str, list[Start]]:
    """Every subject started so often, in turns."""
    found: dict[str, list[Start]] = {subject.name: [] for subject in subject_list}
    for _ in range(starts):
        for subject in subject_list:
            found[subject.name].append(start(subject))
    return found


def start(subject: Subject) -> Start:
    """One cold start, its first answer, and some warm ones; raises RuntimeError where it fails."""
    event = subject.event()
    with sandbox(subject) as started:
        first = started.invoke(event)
        if first.error or not subject.right(first.payload) or '"status":"unreadable"' in started.log():
            raise RuntimeError(f"{subject.name}: {first.payload}\n{started.log()[-2000:]}")
        cpu_ms = started.cpu_ms()
        warm = [started.invoke(event).ms for _ in range(WARM_CALLS)] if "statusCode" in first.payload else []
        return Start(started.init_ms, first.ms, cpu_ms, statistics.median(warm or [first.ms]), started.peak_mb())


def row(subject: Subject, starts: list[Start]) -> dict[str, Any]:
    """The medians of one subject."""
    middle = {f: statistics.median(getattr(s, f) for s in starts) for f in Start.__slots__}
    cold = statistics.median(s.init_ms + s.first_ms for s in starts)
    least = min(s.init_ms + s.first_ms for s in starts)
    return {"name": subject.name, **middle, "cold_ms": cold, "least_ms": least, "package_mb": subject.size_mb}


def print_table(rows: list[dict[str, Any]], gets: int) -> None:
    """A Markdown table, and whether the goal is met."""
    nothing, ours = rows[EMPTY], rows[PREDICT]
    above, least, cpu = (ours[key] - nothing[key] for key in ("cold_ms", "least_ms", "cpu_ms"))
    empty = nothing["cold_ms"]
    print(f"{about()}; medians, while {os.getloadavg()[0]:.1f} processes wanted a processor\n")
    print("| function | package MB | init ms | first answer ms | both | above empty | times empty | CPU ms | peak MB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for r in rows:
        print(
            f"| {r['name']} | {r['package_mb']:.0f} | {r['init_ms']:.0f} | {r['first_ms']:.1f} | {r['cold_ms']:.0f} "
            f"| {r['cold_ms'] - empty:.0f} | {r['cold_ms'] / empty:.1f} | {r['cpu_ms']:.0f} | {r['peak_mb']:.0f} |"
        )
    verdict = "met" if above <= GOAL_MS else "missed"
    print(f"\npredict: {above:.0f} ms above an empty handler; the goal of {GOAL_MS} ms is {verdict}.")
    print(f"Their quickest starts are {least:.0f} ms apart, their processor time {cpu:.0f} ms.")
    print(f"Its first answer reads {gets} objects from S3, whose own time comes on top.")
    print(f"A warm answer takes {ours['warm_ms']:.2f} ms, an empty one {nothing['warm_ms']:.2f}.")


def about() -> str:
    """Machine and versions."""
    return f"{machine()}, {versions()}"


def versions() -> str:
    """Of what is compared."""
    places = [RUNTIME, COLD_SITE, layer_folder("LitertLayer") / "python"]
    there = {d.name.lower().replace("_", "-"): d.version for d in distributions(path=[str(p) for p in places])}
    wanted = ("awslambdaric", "ai-edge-litert", "numpy", "onnxruntime", "tensorflow")
    return ", ".join(f"{name} {there[name]}" for name in wanted)


if __name__ == "__main__":
    main()
