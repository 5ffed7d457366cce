"""The last two steps of a big file's run: score its shards, one output part each, and commit the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from scorelet.batch import Outcome, commit, file_settings_of, is_done, options_of, upload
from scorelet.batch_score import BatchOptions, Totals, score_rows
from scorelet.big_job import SHARDS, Job, part_file, read_all_json, read_json, shard_file, write_json
from scorelet.big_read import open_range, read_range
from scorelet.big_status import note_all, note_shard
from scorelet.csv_cut import Shard
from scorelet.errors import ObjectMissing
from scorelet.open_rows import open_shard, read_header
from scorelet.outputs import Wanted
from scorelet.package import ModelPackage
from scorelet.sketch import merge
from scorelet.store import ObjectStore
from scorelet.table_form import HEAD_BYTES


def score_shard(
    job: Job, shard: Shard, store: ObjectStore, package: ModelPackage, options: BatchOptions
) -> Totals | None:
    """Write one shard's parts, then its result: the sums over it. None when that was done before."""
    try:
        if read_json(store, job, shard_file(shard.number))["shard"] == shard.to_json():
            return None
    except ObjectMissing:
        pass
    run, file = job.with_package(package), part_file(shard.number)
    options = options_of(run, options)
    header = read_header(read_range(store, job, 0, HEAD_BYTES), job.form, options.file)
    with TemporaryDirectory(dir=options.scratch) as folder, open_range(store, job, shard.begin, shard.end) as body:
        rows = open_shard(
            header, shard, body, job.form, package.signature, options.file, stretch_bytes=options.stretch_bytes
        )
        wanted = Wanted(options.file.output or job.form.output)
        totals = score_rows(rows, wanted, package, Path(folder), options)
        scored = upload(run, store, Path(folder), "scored", file, totals.rows_scored, totals.output)
        rejected = upload(run, store, Path(folder), "rejected", file, totals.rows_in - totals.rows_scored)
    result = {
        "shard": shard.to_json(),
        "rows_in": totals.rows_in,
        "rows_scored": totals.rows_scored,
        "rejects_by_code": dict(totals.rejects_by_code or {}),
        "sketch": {name: counts.tolist() for name, counts in (totals.sketch or {}).items()},
        "part": scored,
        "rejects": rejected,
    }
    write_json(store, job, shard_file(shard.number), result)
    note_shard(job, store, shard)
    return totals


def finish(job: Job, store: ObjectStore, package: ModelPackage) -> Outcome:
    """Commit the manifest of all shards, unless somebody else was first."""
    run = job.with_package(package)
    if is_done(run, store):
        return Outcome(job.target.model, job.run, committed=False)
    shards = read_json(store, job, SHARDS)
    results = read_all_json(store, job, [shard_file(shard["number"]) for shard in shards])
    if [result["shard"] for result in results] != shards:
        raise RuntimeError("a result is that of another shard")
    totals = _total(results)
    note_all(job, store, totals.rows_in, totals.rows_scored)
    totals.read_as = job.form.read_as(file_settings_of(job.settings))
    return commit(run, store, totals, [r["part"] for r in results], [r["rejects"] for r in results])


def _total(results: Iterable[Mapping[str, Any]]) -> Totals:
    """The sums over all shards, as one reading of the file finds them."""
    totals, codes, sketches = Totals(), Counter[str](), []
    for result in results:
        totals.rows_in += result["rows_in"]
        totals.rows_scored += result["rows_scored"]
        codes.update(result["rejects_by_code"])
        sketches.append({name: np.array(counts, dtype=np.int64) for name, counts in result["sketch"].items()})
    totals.rejects_by_code, totals.sketch = dict(sorted(codes.items())), merge(sketches)
    return totals
