"""How far a dropped file is, by what its run has written."""

import pytest
from scorelet.batch_keys import target_of
from scorelet.batch_score import BatchOptions
from scorelet.big_failure import RunFailed, explain_failure
from scorelet.big_job import read_json
from scorelet.big_measure import cut_file, measure_range
from scorelet.big_score import score_shard
from scorelet.big_start import begin_run
from scorelet.csv_cut import Range, Shard
from scorelet.events.s3 import S3Object
from scorelet.package import load_package

from cli.follow import Follower
from cli.progress import Progress
from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore

BUCKET, KEY = "data-bucket", "incoming/tiny/a b.csv"
DATA = b"amount,age,member,colour\n" + b"5.10,33,true,red\n" * 20
PACKAGE = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)


class OneModel:
    def current(self, name, now):
        return PACKAGE

    def version(self, name, version, digest=None):
        return PACKAGE


def dropped(store):
    store.put(BUCKET, KEY, DATA)
    blob = store.get(BUCKET, KEY)
    return S3Object(BUCKET, KEY, blob.version_id, blob.etag, len(DATA), "2024-05-01T12:00:00Z")


def test_progress_is_what_the_run_has_written():
    store = MemoryStore()
    begin_run(dropped(store), store, OneModel(), BatchOptions(), 90)  # another version of the same file
    obj = dropped(store)
    follower = Follower(store, BUCKET, target_of(KEY), obj.version_id)
    assert follower.look() == Progress()
    job = begin_run(obj, store, OneModel(), BatchOptions(), 90)
    ranges = [Range.from_json(one) for one in read_json(store, job, "ranges.json")]
    measure_range(job, ranges[0], store)
    assert follower.look() == Progress("measure", 1, len(ranges))
    for range_ in ranges:
        measure_range(job, range_, store)
    assert follower.look().step == "cut"
    cut_file(job, store)
    shards = [Shard.from_json(one) for one in read_json(store, job, "shards.json")]
    assert follower.look() == Progress("score", 0, len(shards), 0, 0, len(DATA))
    for shard in shards:
        score_shard(job, shard, store, PACKAGE, BatchOptions(threads=1))
    assert follower.look() == Progress("finish", len(shards), len(shards), 20, len(DATA), len(DATA))
    assert follower.run == job.run


def test_a_run_that_stopped_is_not_waited_for():
    store = MemoryStore()
    obj = dropped(store)
    job = begin_run(obj, store, OneModel(), BatchOptions(), 90)
    failure = {"Error": "ObjectMissing", "Cause": "gone"}
    with pytest.raises(RunFailed):
        explain_failure(job, failure, store)
    follower = Follower(store, BUCKET, target_of(KEY), obj.version_id)
    with pytest.raises(RunFailed, match=f"{job.run} stopped: ObjectMissing: gone"):
        follower.look()
    explain_failure(job, failure, store)  # a redrive
    assert follower.look().step == "measure"
