"""Begin the run of a big file: settle who scores it, look at its header, and list the ranges to measure."""

from __future__ import annotations

from scorelet.batch import Outcome, commit_problem, is_done, settle_run
from scorelet.batch_pin import ServedModels
from scorelet.batch_score import BatchOptions
from scorelet.big_job import JOB, RANGES, Job, write_json
from scorelet.big_read import read_range
from scorelet.csv_cut import ranges_of
from scorelet.csv_shard import head_bytes, read_header
from scorelet.errors import ObjectChanged, UnreadableFile
from scorelet.events.s3 import S3Object
from scorelet.store import ObjectStore


def begin_run(
    obj: S3Object, store: ObjectStore, models: ServedModels, options: BatchOptions, shard_bytes: int
) -> Outcome | Job:
    """The job to start an execution with, or what became of the object already; raises as `score_object` does.

    A file that no retry can help is committed as unreadable, with the same bytes as a small one.
    """
    run, problem = settle_run(obj, store, models, options)
    if is_done(run, store):
        return Outcome(run.target.model, run.id, committed=False)
    if problem is not None or run.package is None:
        return commit_problem(run, store, problem, options)
    job = Job(obj, run.id, run.package.manifest.version, run.package.digest, run.settings)
    try:
        header, _ = read_header(read_range(store, job, 0, head_bytes()))
        header.positions(run.package.signature)
    except (UnreadableFile, ObjectChanged) as error:
        return commit_problem(run, store, error, options)
    write_json(store, job, JOB, job.to_json())
    write_json(store, job, RANGES, [range_.to_json() for range_ in ranges_of(obj.size, shard_bytes)])
    return job
