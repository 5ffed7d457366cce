"""How far a big file's run is, in one small object for whoever watches: runs/<model>/<name>/<run>/status.json.

It never says more than is done: ranges and shards count once their results are written, and that the file is done only
its manifest says. Calls that share the work write it some hundred times in a step, whatever the file's size, so it may
be late by a hundredth. Nothing depends on it but people and `scorelet score`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, Self

from scorelet.big_job import STATUS, Job, names_in, read_all_json, shard_file
from scorelet.csv_cut import Range, Shard
from scorelet.errors import LostRace, ObjectMissing
from scorelet.store import ObjectStore

UPDATES = 100  # of a step
TRIES = 5  # to tell that a step has ended, against those who still tell of it


@dataclass(frozen=True, slots=True)
class Status:
    """`step` is measure, score or finish. `shards` is 0 until the file is cut; `bytes` are the file's.

    `counted` holds the numbers of the shards that the sums are over, as pairs of first and last.
    """

    step: str
    bytes: int
    ranges: int
    ranges_done: int = 0
    shards: int = 0
    shards_done: int = 0
    bytes_done: int = 0
    rows_in: int = 0
    rows_scored: int = 0
    counted: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(**{**data, "counted": tuple((first, last) for first, last in data["counted"])})


def begin_status(job: Job, store: ObjectStore, ranges: int) -> None:
    """The run has begun. Where it had begun before, nothing changes."""
    status = Status("measure", job.obj.size, ranges)
    store.put_if_absent(job.obj.bucket, job.key(STATUS), _body(status), "application/json")


def note_range(job: Job, store: ObjectStore, range_: Range) -> None:
    """A range is measured. Where it is its turn, it says how many are."""
    if _is_turn(job, range_):
        done = len(names_in(store, job, "measure"))
        _change(job, store, lambda was: replace(was, ranges_done=max(was.ranges_done, done)))


def note_cut(job: Job, store: ObjectStore, shards: int) -> None:
    """The file is cut, and so every range is measured."""
    _change(job, store, lambda was: replace(was, step="score", ranges_done=was.ranges, shards=shards), TRIES)


def note_shard(job: Job, store: ObjectStore, shard: Shard) -> None:
    """A shard is scored. Where it is its turn, it adds what was scored since somebody added up."""
    if _is_turn(job, shard):
        numbers = [int(name) for name in names_in(store, job, "shard")]
        _change(job, store, lambda was: _with_shards(was, job, store, numbers))


def note_all(job: Job, store: ObjectStore, rows_in: int, rows_scored: int) -> None:
    """Every shard is scored, and the manifest is next."""

    def told(was: Status) -> Status:
        sums = {"bytes_done": was.bytes, "rows_in": rows_in, "rows_scored": rows_scored}
        return replace(was, step="finish", shards_done=was.shards, counted=((1, was.shards),), **sums)

    _change(job, store, told, TRIES)


def _is_turn(job: Job, piece: Range | Shard) -> bool:
    """Whether this piece is one of the hundred or so of its step that tell of it."""
    pieces = job.obj.size / max(1, piece.end - piece.begin)
    return piece.number % max(1, round(pieces / UPDATES)) == 0


def _change(job: Job, store: ObjectStore, change: Callable[[Status], Status], tries: int = 1) -> None:
    """Write a new state over the one it was made from; who comes in between has said more or less the same."""
    bucket, key = job.obj.bucket, job.key(STATUS)
    for _ in range(tries):
        with suppress(LostRace, ObjectMissing):  # missing: of a run that an earlier release has begun
            blob = store.get(bucket, key)
            store.put_if_match(bucket, key, _body(change(_read(blob.body))), blob.etag, "application/json")
            return


def _with_shards(was: Status, job: Job, store: ObjectStore, numbers: Iterable[int]) -> Status:
    before = set(chain.from_iterable(range(first, last + 1) for first, last in was.counted))
    results = read_all_json(store, job, [shard_file(number) for number in sorted(set(numbers) - before)])
    return replace(
        was,
        shards_done=was.shards_done + len(results),
        bytes_done=was.bytes_done + sum(r["shard"]["end"] - r["shard"]["begin"] for r in results),
        rows_in=was.rows_in + sum(r["rows_in"] for r in results),
        rows_scored=was.rows_scored + sum(r["rows_scored"] for r in results),
        counted=_pairs(before | set(numbers)),
    )


def _pairs(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """
    >>> _pairs({5, 1, 2, 3})
    ((1, 3), (5, 5))
    """
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def _read(body: bytes) -> Status:
    return Status.from_json(json.loads(body))


def _body(status: Status) -> bytes:
    return json.dumps(status.to_json(), allow_nan=False).encode()
