"""What the status of a big file's run says is done, and nothing that is not."""

import itertools
import json

from scorelet import big_status
from scorelet.big_job import read_json
from scorelet.big_measure import cut_file, measure_range
from scorelet.big_score import finish, score_shard
from scorelet.big_start import begin_run
from scorelet.big_status import Status, begin_status
from scorelet.csv_cut import Range, Shard

from tests.fakes.dying import DyingStore
from tests.scorelet.test_big_file import HEADER, MODELS, OPTIONS, drop

DATA = HEADER + b"5.10,33,true,red,x\n1,2\n" * 40


def begun(shard_bytes=90):
    store, obj = drop(DATA)
    return store, begin_run(obj, store, MODELS, OPTIONS, shard_bytes)


def cut(store, job):
    for one in read_json(store, job, "ranges.json"):
        measure_range(job, Range.from_json(one), store)
    assert cut_file(job, store)
    return [Shard.from_json(one) for one in read_json(store, job, "shards.json")]


def status_of(store, job):
    return Status.from_json(read_json(store, job, "status.json"))


def test_it_follows_every_step_of_a_small_run():
    store, job = begun()
    ranges = [Range.from_json(one) for one in read_json(store, job, "ranges.json")]
    assert status_of(store, job) == Status("measure", len(DATA), len(ranges))
    measure_range(job, ranges[1], store)
    assert status_of(store, job) == Status("measure", len(DATA), len(ranges), 1)
    shards = cut(store, job)
    known = {"bytes": len(DATA), "ranges": len(ranges), "ranges_done": len(ranges), "shards": len(shards)}
    assert status_of(store, job) == Status("score", **known)
    score_shard(job, shards[2], store, MODELS.package, OPTIONS)
    score_shard(job, shards[0], store, MODELS.package, OPTIONS)
    found, results = status_of(store, job), [read_json(store, job, f"shard/{n:05d}.json") for n in (1, 3)]
    assert (found.step, found.shards_done, found.counted) == ("score", 2, ((1, 1), (3, 3)))
    assert found.rows_in == sum(r["rows_in"] for r in results) > found.rows_scored > 0
    assert found.bytes_done == sum(s.end - s.begin for s in (shards[0], shards[2]))
    for shard in shards:
        score_shard(job, shard, store, MODELS.package, OPTIONS)
    assert status_of(store, job).counted == ((1, len(shards)),)
    finish(job, store, MODELS.package)
    sums = {"shards_done": len(shards), "bytes_done": len(DATA), "rows_in": 80, "rows_scored": 40}
    assert status_of(store, job) == Status("finish", **known, **sums, counted=((1, len(shards)),))


def test_a_run_of_many_shards_is_told_of_a_hundred_times_and_catches_up(monkeypatch):
    monkeypatch.setattr(big_status, "UPDATES", 3)
    store, job = begun(30)
    shards = cut(store, job)
    states = store.versions[job.obj.bucket, job.key("status.json")]
    assert len(states) <= 2 + 4
    before = len(states)
    said = []
    for shard in shards:
        score_shard(job, shard, store, MODELS.package, OPTIONS)
        said.append(status_of(store, job).shards_done)
    assert 2 <= len(states) - before <= 4 < len(shards)
    assert said == sorted(said)
    assert all(done <= number for number, done in enumerate(said, start=1))
    assert max(said) >= 2 * len(shards) // 3


def test_a_start_that_comes_again_takes_nothing_back():
    store, job = begun()
    shards = cut(store, job)
    score_shard(job, shards[0], store, MODELS.package, OPTIONS)
    before = status_of(store, job)
    begin_run(job.obj, store, MODELS, OPTIONS, 90)
    begin_status(job, store, 7)
    assert status_of(store, job) == before


def test_of_two_that_tell_at_once_the_one_that_knows_more_is_heard():
    store, job = begun()
    first, second, *_ = cut(store, job)

    class Slow(DyingStore):
        """Before it writes over the status, the other shard is scored from beginning to end."""

        def put_if_match(self, *arguments):
            score_shard(job, second, store, MODELS.package, OPTIONS)
            return store.put_if_match(*arguments)

    score_shard(job, first, Slow(store), MODELS.package, OPTIONS)
    found, results = status_of(store, job), [read_json(store, job, f"shard/{n:05d}.json") for n in (1, 2)]
    assert (found.shards_done, found.counted) == (2, ((1, 2),))
    assert found.rows_in == sum(r["rows_in"] for r in results)


def test_a_run_of_an_earlier_release_has_none_and_goes_on_without():
    store, job = begun()
    del store.versions[job.obj.bucket, job.key("status.json")]
    for shard in cut(store, job):
        score_shard(job, shard, store, MODELS.package, OPTIONS)
    assert finish(job, store, MODELS.package).committed
    assert not store.exists(job.obj.bucket, job.key("status.json"))


def test_the_end_of_a_step_is_told_though_others_write_in_between():
    store, job = begun()

    class Busy(DyingStore):
        """Somebody else writes before each of the first three writes over the status."""

        left = itertools.count(3, -1)

        def put_if_match(self, bucket, key, body, etag, content_type):
            if next(self.left) > 0:
                store.put(bucket, key, json.dumps(read_json(store, job, "status.json")).encode() + b" ")
            return store.put_if_match(bucket, key, body, etag, content_type)

    for one in read_json(store, job, "ranges.json"):
        measure_range(job, Range.from_json(one), store)
    cut_file(job, Busy(store))
    assert status_of(store, job).step == "score"
