"""What the simulation is fed with: processor time of the steps of a big file's run, measured on this machine.

Measuring and scoring a shard is the code of bench.bigfile. Cutting and finishing read one small object for each shard:
they run against a store over TLS in another process, for two numbers of shards, and what one more shard costs is kept.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scorelet.aws_s3 import S3Store
from scorelet.batch_score import BatchOptions
from scorelet.big_job import RANGES, SHARDS, Job, measure_file, part_file, read_json, shard_file
from scorelet.big_measure import cut_file
from scorelet.big_score import finish, score_shard
from scorelet.csv_cut import Range, Shard, ranges_of
from scorelet.csv_measure import MOST_STARTS, Measure
from scorelet.events.s3 import S3Object

from bench.bigfile import KINDS, MIB, file_of, look, measured, middle_of, score
from bench.flat import BUCKET, of_rows, tiny
from bench.list_server import client, list_server
from bench.stream_store import ETAG, StreamStore

FILE_MIB = 100
FEW, MANY = 300, 1500
ROUNDS = 3
MB = 10**6


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds are those of one whole processor like this machine's."""

    rows_a_mb: float
    measure_seconds_a_mb: float
    score_seconds_a_mb: float
    written_share: float  # bytes of the scored part for each byte of the shard
    measure_mib: float  # peak of one call
    score_mib: float
    cut_seconds: float  # for each shard
    finish_seconds: float
    cut_kib: float
    finish_kib: float
    manifest_bytes: float


def measure_rates(kind: str, package: Path, shard_bytes: int) -> Rates:
    """The rates for a kind of file of bench.bigfile."""
    with file_of(FILE_MIB * MIB, KINDS[kind]) as path:
        middle, shard, _ = middle_of(path, shard_bytes)
        look_cpu, _, look_peak = _best(_look, path, middle)
        score_cpu, (rows, written), score_peak = _best(_score, path, shard, package)
    size, width = (shard.end - shard.begin) / MB, (middle.end - middle.begin) / MB
    few, many = fan_in_costs(FEW), fan_in_costs(MANY)
    more = {name: (many[name] - few[name]) / (MANY - FEW) for name in few}
    return Rates(
        rows_a_mb=rows / size,
        measure_seconds_a_mb=look_cpu / width,
        score_seconds_a_mb=score_cpu / size,
        written_share=written / size / MB,
        measure_mib=look_peak,
        score_mib=score_peak,
        cut_seconds=more["cut"],
        finish_seconds=more["finish"],
        cut_kib=more["cut_kib"],
        finish_kib=more["finish_kib"],
        manifest_bytes=more["manifest"],
    )


def _best(work: Callable[..., tuple[float, Any]], *arguments: Any) -> tuple[float, Any, float]:
    """Seconds, answer and peak of the fastest of some processes: others use the machine too."""
    found = [measured(work, *arguments) for _ in range(ROUNDS)]
    (seconds, answer), _, peak = min(found, key=lambda one: one[0][0])
    return seconds, answer, peak


def _look(path: Path, range_: Range) -> tuple[float, Any]:
    """The second time counts: a warm environment has everything imported."""
    look(path, replace(range_, end=range_.begin + MIB))
    return _timed(look, path, range_)


def _score(path: Path, shard: Shard, package: Path) -> tuple[float, Any]:
    score(path, replace(shard, end=shard.begin), package)
    return _timed(score, path, shard, package)


def _timed(work: Any, *arguments: Any) -> tuple[float, Any]:
    before = time.process_time()
    answer = work(*arguments)
    return time.process_time() - before, answer


def fan_in_costs(shards: int) -> dict[str, float]:
    """Processor seconds and peak memory of cutting and of finishing a run of so many shards."""
    job, objects = _run_of(shards)
    with tempfile.TemporaryDirectory() as keys, list_server(objects, Path(keys)) as reached:
        (cut, _), _, cut_peak = measured(_on_store, "cut", job, reached)
        (finished, size), _, finish_peak = measured(_on_store, "finish", job, reached)
    peaks = {"cut_kib": cut_peak * 1024, "finish_kib": finish_peak * 1024}
    return {"cut": cut, "finish": finished, "manifest": size, **peaks}


def _on_store(step: str, job: Job, reached: dict[str, Any]) -> tuple[float, Any]:
    store = S3Store(client(reached))
    read_json(store, job, RANGES)  # a connection and its imports
    if step == "cut":
        return _timed(cut_file, job, store)
    seconds, outcome = _timed(finish, job, store, tiny())
    return seconds, len(json.dumps(outcome.manifest))


def _run_of(shards: int) -> tuple[Job, dict[str, bytes]]:
    """A job whose ranges are measured and whose shards are scored, as objects: lines of 25 bytes, no quotes."""
    job, result = _scored_once()
    ranges = ranges_of(shards * 32 * MIB, 32 * MIB)
    objects: dict[str, Any] = {RANGES: [r.to_json() for r in ranges]}
    cuts = [0, *(r.end + 5 for r in ranges[:-1]), ranges[-1].end]
    lines = 32 * MIB // 25
    cut = [Shard(n + 1, cuts[n], cuts[n + 1], 1 + n * lines + (n > 0)) for n in range(shards)]
    for range_, shard in zip(ranges, cut, strict=True):
        after = () if range_.end == ranges[-1].end else tuple(range_.end + 5 + 25 * i for i in range(MOST_STARTS))
        found = Measure(lines, (range_.begin + 5,), after, 1, plain=True)
        objects[measure_file(range_.number)] = {"range": range_.to_json(), "measure": found.to_json()}
        parts = {
            name: {**result[name], "key": result[name]["key"][:-9] + part_file(shard.number)[-9:]}
            for name in ("part", "rejects")
        }
        objects[shard_file(shard.number)] = {**result, **parts, "shard": shard.to_json()}
    objects[SHARDS] = [shard.to_json() for shard in cut]
    lists = {f"{BUCKET}/{job.key(name)}": json.dumps(data).encode() for name, data in objects.items()}
    return job, lists | {f"{BUCKET}/{job.obj.key}": bytes(job.obj.size)}


def _scored_once() -> tuple[Job, Any]:
    """A job, and the result of a shard of it."""
    store, package = StreamStore("", of_rows(1000)), tiny()
    obj = S3Object(
        BUCKET, "incoming/tiny/a/folder/with-a-name/big.csv", None, ETAG, store.source.size, "2026-01-01T00:00:00Z"
    )
    obj = replace(obj, etag="")  # no store's own
    job = Job(obj, "0" * 20, package.manifest.version, package.digest, BatchOptions().settings())
    score_shard(job, Shard(1, 0, store.source.size, 1), store, package, BatchOptions(threads=1))
    return job, read_json(store, job, shard_file(1))
