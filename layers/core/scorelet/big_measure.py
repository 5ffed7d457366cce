"""The first two steps of a big file's run: measure its ranges, and cut it into shards of whole records."""

from __future__ import annotations

from typing import Any

from scorelet.big_job import RANGES, SHARDS, Job, measure_file, read_all_json, read_json, write_json
from scorelet.big_read import read_range
from scorelet.big_status import note_cut, note_range
from scorelet.csv_cut import Range, cut
from scorelet.csv_measure import Measure, measure, reach
from scorelet.errors import ObjectMissing
from scorelet.store import ObjectStore
from scorelet.table import BOM

ASKED_PER_CALL = 20  # ranges that one call of `cut_file` may read: seconds each


def measure_range(job: Job, range_: Range, store: ObjectStore) -> None:
    """Measure one range, unless that is done."""
    try:
        if read_json(store, job, measure_file(range_.number))["range"] == range_.to_json():
            return
    except ObjectMissing:
        pass
    entry = None if range_.number else _origin(job, store)
    _measure(job, range_, entry, store)
    note_range(job, store, range_)


def cut_file(job: Job, store: ObjectStore) -> bool:
    """Write the list of shards. False when there is more to be read than one call should: call again."""
    ranges = [Range.from_json(one) for one in read_json(store, job, RANGES)]
    found = read_all_json(store, job, [measure_file(range_.number) for range_ in ranges])
    measures = [Measure.from_json(one["measure"]) for one in found]
    left = ASKED_PER_CALL

    def ask(range_: Range, entry: int) -> Measure:
        nonlocal left
        if not left:
            raise _TooMuch
        left -= 1
        return _measure(job, range_, entry, store)

    try:
        shards = [shard.to_json() for shard in cut(_origin(job, store), ranges, measures, ask)]
    except _TooMuch:
        return False
    write_json(store, job, SHARDS, shards)
    note_cut(job, store, len(shards))
    return True


class _TooMuch(Exception):
    """This call has read enough; what it found is kept."""


def _measure(job: Job, range_: Range, entry: int | None, store: ObjectStore) -> Measure:
    base = max(range_.begin - 1, 0)
    body = read_range(store, job, base, range_.end + reach())
    found = measure(body, base, range_.begin, range_.end, entry, job.form.grammar)
    data: dict[str, Any] = {"range": range_.to_json(), "measure": found.to_json()}
    write_json(store, job, measure_file(range_.number), data)
    return found


def _origin(job: Job, store: ObjectStore) -> int:
    """Where the header starts: behind a byte order mark."""
    return len(BOM) if read_range(store, job, 0, len(BOM)) == BOM else 0
