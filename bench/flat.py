"""Whether batch scoring is flat: rows a second of one core, and peak memory, for ten thousand to 1e8 rows.

    python -m bench.flat [--most 10000000] [--rounds 3] [--limit-mb 512]

Every size is a process of its own, kept on one core. The way is the function's own: up to BigFileBytes a file is scored
in one piece, above it is measured, cut, scored in shards and finished, one call after another as a warm environment
does. The source is generated where it is read and outputs are let go once they are written, so no size needs its file.

CPU seconds count, of all threads, user and system: other work on the machine lengthens the clock, and these far less.
Small files are repeated until a million rows are done, and of the rounds, which alternate, the best counts. One line is
a file of 1 GB in one piece, eight times what the template allows, in a process killed when it holds more than
the limit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scorelet.batch import Outcome, score_object
from scorelet.batch_score import BatchOptions
from scorelet.big_job import RANGES, SHARDS, Job, read_json
from scorelet.big_measure import cut_file, measure_range
from scorelet.big_score import finish, score_shard
from scorelet.big_start import begin_run
from scorelet.csv_cut import Range, Shard
from scorelet.events.s3 import S3Object
from scorelet.package import ModelPackage, load_package

from bench.batch_data import NARROW, write_file
from bench.deployed import Deployed, read_deployed
from bench.machine import peak_mib
from bench.stream_store import ETAG, StreamedCsv, StreamStore
from cli.report import table
from tests.fakes.package import tiny_package

SIZES = [10**4, 10**5, 10**6, 10**7, 10**8]
BLOCK_ROWS = 400_000  # longer than a stretch, so no stretch holds a row twice
REPEAT_ROWS = 10**6
REPEATED_ROWS = 10**7  # longer ones are done in the first round only
BUCKET = "data"


@dataclass(frozen=True, slots=True)
class Done:
    """What one process found."""

    rows: int
    megabytes: float
    way: str
    user_seconds: float
    system_seconds: float
    peak_mib: float

    @property
    def cpu_seconds(self) -> float:
        """Both together."""
        return self.user_seconds + self.system_seconds

    @property
    def speed(self) -> float:
        """Millions of rows a CPU second."""
        return self.rows / self.cpu_seconds / 1e6


class TooMuchMemory(Exception):
    """A process held more than it may."""


def main() -> None:
    """Print the table, and whether 1 GB fits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--most", type=int, default=10**7, help="the largest file, in rows; 100000000 takes minutes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit-mb", type=int, default=512, help="what the process with 1 GB may hold")
    args = parser.parse_args()
    limit = args.limit_mb * 10**6 / 2**20
    print_table(best_of(rounds(args.most, limit, args.rounds)))
    print(f"\n1 GB in one piece was done by a process that may hold {args.limit_mb} MB ({limit:.0f} MiB).")


def rounds(most: int, limit_mib: float, count: int) -> Iterator[Done]:
    """Every size once a round, so that what else the machine does meets all of them; the longest only once."""
    for number in range(count):
        for rows in SIZES:
            if rows <= most and (number == 0 or rows <= REPEATED_ROWS):
                yield in_process(score_rows, rows, read_deployed())
        yield in_process(score_in_one_piece, 10**9, limit_mib=limit_mib)


def best_of(found: Iterable[Done]) -> list[Done]:
    """For each size, sorted, the round with the fewest CPU seconds, and the most memory of all rounds."""
    by_size: dict[tuple[int, str], list[Done]] = {}
    for one in found:
        by_size.setdefault((one.rows, one.way), []).append(one)
    return [
        replace(min(same, key=lambda one: one.cpu_seconds), peak_mib=max(one.peak_mib for one in same))
        for _, same in sorted(by_size.items())
    ]


def print_table(found: list[Done]) -> None:
    """One line a size; speeds beside that of a million rows, or the first."""
    base = next((d for d in found if d.rows == REPEAT_ROWS), found[0]).speed
    head = ("rows", "MB", "way", "user s", "system s", "M rows/s", "speed", "peak MiB")
    print(table(head, [_line(one, base) for one in found]))


def _line(d: Done, base: float) -> tuple[object, ...]:
    seconds = f"{d.user_seconds:.3f}", f"{d.system_seconds:.3f}"
    return (
        f"{d.rows:,}",
        f"{d.megabytes:,.1f}",
        d.way,
        *seconds,
        f"{d.speed:.2f}",
        f"{d.speed / base:.2f}",
        f"{d.peak_mib:.0f}",
    )


def score_rows(rows: int, deployed: Deployed) -> Done:
    """Score a file of so many rows as the function would."""
    package, streamed = tiny(), of_rows(rows)
    _score(StreamStore("", of_rows(1000)), package, deployed, "warm")
    repeats, way = max(1, REPEAT_ROWS // rows), ""
    store = StreamStore("", streamed)
    before = resource.getrusage(resource.RUSAGE_SELF)
    for number in range(repeats):
        way = _score(store, package, deployed, f"{number}")
    return Done(rows, streamed.size / 1e6, way, *_since(before, repeats), peak_mib())


def score_in_one_piece(size: int) -> Done:
    """Score about `size` bytes without cutting them."""
    package, block = tiny(), of_rows(BLOCK_ROWS)
    rows = round(BLOCK_ROWS * size / block.size)
    streamed = of_rows(rows)
    before = resource.getrusage(resource.RUSAGE_SELF)
    _check(_whole(StreamStore("", streamed), package, "whole"))
    return Done(rows, streamed.size / 1e6, "one piece", *_since(before, 1), peak_mib())


def _since(before: resource.struct_rusage, repeats: int) -> tuple[float, float]:
    """User and system seconds of one repetition, of all threads."""
    now = resource.getrusage(resource.RUSAGE_SELF)
    return (now.ru_utime - before.ru_utime) / repeats, (now.ru_stime - before.ru_stime) / repeats


def tiny() -> ModelPackage:
    """The tests' model: 4 features, 8 hidden units, 3 classes."""
    return load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)


def of_rows(rows: int) -> StreamedCsv:
    """The narrow file of bench.batch, with its first rows said again where more are asked for."""
    with tempfile.TemporaryDirectory() as folder:
        write_file(Path(folder) / "block.csv", NARROW, min(rows, BLOCK_ROWS))
        text = (Path(folder) / "block.csv").read_bytes()
    head = text.index(b"\n") + 1
    return StreamedCsv.of_rows(text[:head], text[head:], rows)


def _score(store: StreamStore, package: ModelPackage, deployed: Deployed, name: str) -> str:
    if store.source.size <= deployed.big_file_bytes:
        _check(_whole(store, package, name))
        return "one piece"
    outcome = _in_shards(store, package, deployed.shard_bytes, name)
    return f"{_check(outcome)} shards"


def _whole(store: StreamStore, package: ModelPackage, name: str) -> Outcome:
    return score_object(_object(store, name), store, OneModel(package), BatchOptions(threads=1))


def _in_shards(store: StreamStore, package: ModelPackage, shard_bytes: int, name: str) -> Outcome:
    """Every step of a big file's run, one after another."""
    options = BatchOptions(threads=1)
    job = begin_run(_object(store, name), store, OneModel(package), options, shard_bytes)
    if not isinstance(job, Job):
        raise RuntimeError("the run did not begin")
    for one in read_json(store, job, RANGES):
        measure_range(job, Range.from_json(one), store)
    while not cut_file(job, store):
        pass
    for one in read_json(store, job, SHARDS):
        score_shard(job, Shard.from_json(one), store, package, options)
    return finish(job, store, package)


def _object(store: StreamStore, name: str) -> S3Object:
    return S3Object(BUCKET, f"incoming/tiny/{name}.csv", None, ETAG, store.source.size, "2026-01-01T00:00:00Z")


def _check(outcome: Outcome) -> int:
    """The parts of a manifest that holds every row, scored; raises RuntimeError for any other."""
    found = outcome.manifest
    if not (outcome.committed and found and found["rows_in"] and found["rows_scored"] == found["rows_in"]):
        raise RuntimeError("the file was not scored in full")
    return len(found["parts"])


@dataclass(frozen=True, slots=True)
class OneModel:
    """The one package, whatever is asked for."""

    package: ModelPackage

    def current(self, name: str, now: float) -> ModelPackage:  # noqa: ARG002 - the protocol's
        return self.package

    def version(self, name: str, version: int, digest: str | None = None) -> ModelPackage:  # noqa: ARG002 - the same
        return self.package


def in_process(work: Callable[..., Any], *arguments: Any, limit_mib: float | None = None) -> Any:
    """The answer of a call in a process of its own, on one core; raises TooMuchMemory where it held more than allowed.

    The limit is on resident memory, by the kernel's own high-water mark (VmHWM), which misses no peak between two
    looks. It counts mapped libraries too, so it is stricter than Lambda, where file pages can be dropped, and it needs
    no rights to make a control group. RLIMIT_AS would count addresses that numpy and LiteRT reserve and never touch.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, arguments, there))
    process.start()
    there.close()
    try:
        while not here.poll(0.05):
            if limit_mib and peak_mib(process.pid) > limit_mib:
                raise TooMuchMemory(f"more than {limit_mib:.0f} MiB")
        answer, peak = here.recv()
    except EOFError:
        raise RuntimeError("the process ended without an answer") from None
    finally:
        process.kill()
        process.join()
    if limit_mib and peak > limit_mib:
        raise TooMuchMemory(f"{peak:.0f} MiB, and {limit_mib:.0f} are allowed")
    return answer


def _child(work: Callable[..., Any], arguments: tuple[Any, ...], out: Any) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    answer = work(*arguments)
    out.send((answer, peak_mib()))


if __name__ == "__main__":
    main()
