"""Begin the run of a big file: settle who scores it, look at its header, and list the ranges to measure."""

from __future__ import annotations

import io
from dataclasses import replace

from scorelet.batch import Outcome, commit_problem, is_done, options_of, score_object, settle_run
from scorelet.batch_pin import ServedModels
from scorelet.batch_score import BatchOptions
from scorelet.big_job import JOB, RANGES, Job, write_json
from scorelet.big_read import read_range
from scorelet.big_status import begin_status
from scorelet.csv_cut import ranges_of
from scorelet.errors import FileTooLarge, ObjectChanged, UnreadableFile
from scorelet.events.s3 import S3Object
from scorelet.open_rows import open_rows
from scorelet.store import ObjectStore
from scorelet.table_form import HEAD_BYTES, find_form

# Every child of a Map answers {}, and Step Functions fails a state whose output passes 262,144 bytes. Cutting and
# finishing read an object for each shard in one call, too: docs/scale.md.
MOST_SHARDS = 80_000


def shard_bytes_of(size: int, wanted: int) -> int:
    """How long the shards of a file of `size` bytes are: as wanted, or longer where there would be too many."""
    return max(wanted, -(-size // MOST_SHARDS))


def begin_run(
    obj: S3Object, store: ObjectStore, models: ServedModels, options: BatchOptions, shard_bytes: int
) -> Outcome | Job:
    """The job to start an execution with, or what became of the object already; raises as `score_object` does.

    A file that cannot be cut (packed, Parquet) is scored in one piece, as a small one is, up to a size.
    A file that no retry can help is committed as unreadable, with the same bytes as a small one.
    """
    run, problem = settle_run(obj, store, models, options)
    if is_done(run, store):
        return Outcome(run.target.model, run.id, committed=False)
    if problem is not None or run.package is None:
        return commit_problem(run, store, problem, options)
    job = Job(obj, run.id, run.package.manifest.version, run.package.digest, run.settings)
    settings, signature = options_of(run, options).file, run.package.signature
    try:
        head = read_range(store, job, 0, HEAD_BYTES)
        form = find_form(head, settings, signature.names)
        with form.told(settings):
            if not form.can_be_cut:
                if obj.size > options.most_packed_bytes:
                    most = options.most_packed_bytes >> 20
                    raise FileTooLarge(f"the file is more than {most} MiB, and cannot be cut")
                return score_object(obj, store, models, options)
            open_rows(io.BytesIO(head), form, signature, settings, stretch_bytes=HEAD_BYTES)  # raises what is wrong
    except (UnreadableFile, ObjectChanged) as error:
        return commit_problem(run, store, error, options)
    job = replace(job, form=form)
    write_json(store, job, JOB, job.to_json())
    ranges = ranges_of(obj.size, shard_bytes_of(obj.size, shard_bytes))
    write_json(store, job, RANGES, [range_.to_json() for range_ in ranges])
    begin_status(job, store, len(ranges))
    return job
