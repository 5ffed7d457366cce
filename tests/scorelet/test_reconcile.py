"""Files whose event was lost are found and scored once; whatever else happened to their events."""

import json
import random
from functools import partial

import pytest
from scorelet.batch import score_object
from scorelet.batch_keys import object_id, output_key, target_of
from scorelet.batch_score import BatchOptions
from scorelet.events.s3 import S3Object, SqsMessage, s3_objects_in
from scorelet.reconcile import DAY_S, GRACE_S, MOST_S, NOTE, WINDOW_S, Span, announce, look
from scorelet.reconcile_sweep import CURSOR, sweep_on
from scorelet.store import ObjectState

from tests.fakes.dying import DyingStore, Killed
from tests.fakes.nasty import nasty_file
from tests.fakes.store import MemoryStore
from tests.scorelet.test_batch import BUCKET, GOOD, MODELS, outputs

START = 1_767_225_600.0  # 2026-01-01
LATER = START + 2 * GRACE_S


class Queue(list):
    """Takes messages, and gives them to a function that scores."""

    def send(self, bodies):
        self.extend(bodies)

    def objects(self):
        return [obj for body in self for obj in s3_objects_in(SqsMessage("m", body))]


class Bucket:
    """Files are dropped at moments; their events come, or not."""

    def __init__(self):
        self.store, self.queue = MemoryStore(now=START), Queue()

    def drop(self, key, data=GOOD, at=START):
        self.store.now = at
        self.store.put(BUCKET, key, data)
        return self.event(key)

    def event(self, key):
        """The object as its own event names it."""
        (state,) = (s for s in self.store.list_states(BUCKET, key) if s.key == key)
        time = f"2026-01-{1 + int(state.modified - START) // DAY_S:02d}T"
        seconds = int(state.modified - START) % DAY_S
        time += f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z"
        return S3Object(BUCKET, key, state.version_id, state.etag, state.size, time)

    def score(self, obj, at=LATER):
        self.store.now = at
        return score_object(obj, self.store, MODELS, BatchOptions())

    def look(self, now=LATER, **options):
        span = Span(now - WINDOW_S, now - GRACE_S)
        found = list(look(self.store, BUCKET, span, **options))
        return [s.key for f in found for s in f.lost], [s.key for f in found for s in f.unfinished]

    def sweep(self, now=LATER, store=None, stretches=10**6):
        left = iter([True] * (stretches - 1) + [False])
        self.store.now = now
        return sweep_on(store or self.store, BUCKET, self.queue, now, lambda: next(left))

    def manifests(self):
        keys = [key for _, key in self.store.versions if key.endswith("/manifest.json")]
        return [json.loads(self.store.get(BUCKET, key).body) for key in keys]


def test_a_file_nobody_heard_of_is_lost_and_one_without_a_manifest_is_unfinished():
    bucket = Bucket()
    for name in ("done", "lost", "pinned", "announced"):
        bucket.drop(f"incoming/tiny/{name}.csv")
    bucket.score(bucket.event("incoming/tiny/done.csv"))
    with pytest.raises(Killed):
        score_object(bucket.event("incoming/tiny/pinned.csv"), DyingStore(bucket.store, 4), MODELS, BatchOptions())
    announce(bucket.store, bucket.queue, [bucket.event("incoming/tiny/announced.csv")])
    assert bucket.look() == (["incoming/tiny/lost.csv"], ["incoming/tiny/announced.csv", "incoming/tiny/pinned.csv"])


def test_what_is_announced_is_the_object_that_its_own_event_names():
    bucket = Bucket()
    told = [bucket.drop(key, at=START + 90_061) for key in ("incoming/tiny/a b+%2B ü.csv", "incoming/tiny/b.csv")]
    bucket.sweep(START + 2 * DAY_S)
    assert bucket.queue.objects() == told
    unversioned = S3Object(BUCKET, "k", None, "e", 1, "2026-01-01T00:00:00Z")
    announce(bucket.store, bucket.queue, [])
    announce(bucket.store, bucket.queue, [S3Object(BUCKET, "incoming/tiny/n", None, "e", 1, unversioned.time)])
    assert bucket.queue.objects()[-1].version_id is None


def test_a_lost_file_is_announced_once_however_long_it_waits():
    bucket = Bucket()
    bucket.drop("incoming/tiny/a.csv")
    assert [bucket.sweep(LATER + i * GRACE_S)[1] for i in range(3)] == [1, 0, 0]
    assert len(bucket.queue) == 1
    assert bucket.look() == ([], ["incoming/tiny/a.csv"])


@pytest.mark.parametrize("age", [0, GRACE_S - 1, WINDOW_S + 1])
def test_files_too_new_or_too_old_are_left_alone(age):
    bucket = Bucket()
    bucket.drop("incoming/tiny/a.csv", at=START)
    assert bucket.look(START + age) == ([], [])


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("incoming/", b""),
        ("incoming/tiny/", b""),
        ("incoming/tiny/2026/", b""),
        ("incoming/a.csv", GOOD),
        ("incoming/tiny/", GOOD),
        ("incoming//a.csv", GOOD),
    ],
)
def test_folders_and_what_batch_refuses_are_no_files(key, data):
    bucket = Bucket()
    bucket.drop(key, data)
    assert bucket.look() == ([], [])


def test_a_file_of_a_model_that_does_not_exist_is_done_when_that_is_said():
    bucket = Bucket()
    bucket.score(bucket.drop("incoming/unknown/a.csv"))
    assert bucket.look() == ([], [])


def test_what_was_refused_after_a_sweep_stays_refused_when_its_own_event_comes_after_the_model_was_published():
    class Published(type(MODELS)):
        def current(self, name, now):
            return self.package

    bucket = Bucket()
    late = bucket.drop("incoming/later/a.csv")
    assert bucket.sweep()[1] == 1
    with pytest.raises(Killed):  # the refusal is settled, and not committed yet
        score_object(late, DyingStore(bucket.store, die_after=2), MODELS, BatchOptions())
    assert bucket.look() == ([], ["incoming/later/a.csv"])
    outcomes = [score_object(obj, bucket.store, Published(), BatchOptions()) for obj in (*bucket.queue.objects(), late)]
    assert [outcome.committed for outcome in outcomes] == [True, False]
    assert [m["error"]["code"] for m in bucket.manifests()] == ["model_not_found"]
    assert bucket.look() == ([], [])


def test_an_overwritten_file_is_not_done_by_the_manifest_of_what_it_overwrote():
    bucket = Bucket()
    first = bucket.drop("incoming/tiny/a.csv", at=START)
    bucket.drop("incoming/tiny/a.csv", GOOD + b"1,1,1,red\n", at=START + 60)
    bucket.score(first, at=START + 120)
    assert bucket.look() == (["incoming/tiny/a.csv"], [])
    bucket.score(bucket.event("incoming/tiny/a.csv"))
    assert bucket.look() == ([], [])


def test_in_a_bucket_without_versions_the_manifest_says_what_it_is_about():
    bucket = Bucket()

    class Plain:
        """Overwrites in place, so what is there is always alone."""

        def __getattr__(self, name):
            return getattr(bucket.store, name)

        def list_states(self, *arguments):
            for s in bucket.store.list_states(*arguments):
                yield ObjectState(s.key, s.size, s.etag, None, s.modified, alone=True)

    old = bucket.drop("incoming/tiny/a.csv")
    bucket.drop("incoming/tiny/a.csv", GOOD + b"1,1,1,red\n", at=START + 60)
    bucket.score(S3Object(BUCKET, old.key, None, old.etag, old.size, old.time), at=START + 120)
    (found,) = look(Plain(), BUCKET, Span(START, LATER))
    assert [obj.etag for obj in found.lost] == [bucket.event("incoming/tiny/a.csv").etag]


def test_neighbours_and_long_names_are_told_apart():
    bucket, long = Bucket(), "incoming/tiny/" + "é" * 490
    names = ["a", "a!b", "a/b", "a/b/c", "a0", "b/" + "x" * 900]
    keys = [f"incoming/tiny/{name}" for name in names] + [long + "1", long + "2"]
    for key in keys:
        bucket.drop(key)
    for done in ([], keys[::2], keys[1::2]):
        for key in done:
            bucket.score(bucket.event(key))
        left = sorted(set(keys) - {m["source"]["key"] for m in bucket.manifests()})
        assert bucket.look() == (left, [])
        assert bucket.look(stretch=1) == (left, [])


def test_done_files_cost_a_call_for_many_and_years_of_other_files_are_not_read():
    bucket = Bucket()
    for number in range(60):
        bucket.score(bucket.drop(f"incoming/tiny/{number:03d}.csv"))
    calls = DyingStore(bucket.store)
    assert [s.files for s in look(calls, BUCKET, Span(START, LATER))] == [60]
    assert calls.calls == ["list_states", "list"]
    for number in range(3000):
        bucket.store.put(BUCKET, f"scored/tiny/500.csv/{number:020d}/part-00000.csv", b"")
    bucket.score(bucket.drop("incoming/tiny/999.csv", at=START + 1))
    bucket.drop("incoming/tiny/001.csv", at=START + 1)
    calls = DyingStore(bucket.store)
    (found,) = look(calls, BUCKET, Span(START + 1, LATER))
    assert [obj.key for obj in found.lost] == ["incoming/tiny/001.csv"]
    assert len(calls.calls) == 7


def test_a_sweep_goes_on_where_the_last_call_ended_and_counts_the_whole():
    bucket = Bucket()
    for number in range(5):
        bucket.drop(f"incoming/tiny/{number}.csv")
    first, second = (bucket.sweep(LATER + hour * GRACE_S, stretches=1) for hour in range(2))
    assert (first[0].done, first[0].files, first[1]) == (False, 5, 5)
    assert (second[0].done, second[0].files, second[1]) == (True, 5, 0)


def test_a_sweep_in_small_stretches_passes_nothing_by(monkeypatch):
    monkeypatch.setattr("scorelet.reconcile_sweep.look", partial(look, stretch=2))
    bucket = Bucket()
    keys = [f"incoming/tiny/{number}.csv" for number in range(7)]
    for key in keys:
        bucket.drop(key)
    done, sent = [], []
    for hour in range(5):
        sweep, number = bucket.sweep(LATER + hour * 60, stretches=1)
        done.append(sweep.done)
        sent.append(number)
    assert (done, sent) == ([False, False, False, False, True], [2, 2, 2, 1, 0])
    assert [obj.key for obj in bucket.queue.objects()] == keys


def test_the_next_sweep_looks_back_to_before_the_last_one_began_but_not_past_the_pins():
    bucket = Bucket()
    bucket.drop("incoming/tiny/z.csv")
    bucket.sweep(START)  # nothing yet: within the grace
    found, _ = bucket.sweep(START + 20 * DAY_S)
    assert (found.since, found.files) == (START - GRACE_S, 1)
    found, _ = bucket.sweep(START + 200 * DAY_S)
    assert found.since == START + 200 * DAY_S - MOST_S


def test_a_killed_sweep_leaves_a_cursor_that_skips_nothing():
    probe = Bucket()
    calls = DyingStore(probe.store)
    probe.drop("incoming/tiny/a.csv")
    probe.sweep(store=calls)
    for number in range(len(calls.calls)):
        for when in ("die_before", "die_after"):
            bucket = Bucket()
            bucket.drop("incoming/tiny/a.csv")
            with pytest.raises(Killed):
                bucket.sweep(store=DyingStore(bucket.store, **{when: number}))
            bucket.sweep(LATER + 60)
            bucket.sweep(LATER + 120)
            assert {obj.key for obj in bucket.queue.objects()} == {"incoming/tiny/a.csv"}


def test_the_cursor_and_the_notes_can_be_taken_for_no_file_and_no_output():
    bucket = Bucket()
    obj = bucket.drop("incoming/tiny/a.csv")
    bucket.sweep()
    note = output_key("runs", target_of(obj.key), object_id(obj), NOTE)
    assert {key for _, key in bucket.store.versions} == {obj.key, note, CURSOR}


@pytest.mark.law
def test_whatever_becomes_of_events_every_file_is_scored_once_with_the_same_bytes(law, monkeypatch):
    """Events are lost, duplicated and late, files overwritten, sweeps cut short: as if nothing had happened."""
    for seed in law.seeds(200, 6):
        chance = random.Random(seed)
        calm, storm, dropped, on_time, late = Bucket(), Bucket(), [], [], []
        for number in range(chance.randrange(2, 12)):
            fate = chance.choice(["lost", "on time", "late"])
            # what is overwritten and never announced is gone: nobody looks for it
            name = f"{chance.choice(['a', 'a/b', 'a!', 'ü'])}{number}" if fate == "lost" else chance.choice("abcd")
            data = nasty_file(seed + number, MODELS.package.signature, 4, 0.3)
            dropped.append(calm.drop(f"incoming/tiny/{name}.csv", data, START + number))
            obj = storm.drop(f"incoming/tiny/{name}.csv", data, START + number)
            {"lost": [], "on time": on_time, "late": late}[fate].extend([obj] * chance.randrange(1, 3))
        deliver(calm, dropped)
        deliver(storm, on_time)
        monkeypatch.setattr("scorelet.reconcile_sweep.look", partial(look, stretch=chance.choice([1, 2, 5])))
        for call in range(30):
            if storm.sweep(LATER + call * 60, stretches=chance.randrange(1, 4))[0].done:
                break
        deliver(storm, chance.choice([storm.queue.objects() + late, late + storm.queue.objects()]))
        deliver(storm, on_time + late)
        assert storm.look() == ([], []), seed
        assert len(storm.manifests()) == len(calm.manifests()) == len(dropped), seed
        assert outputs(storm.store) == outputs(calm.store), seed


def deliver(bucket, objects):
    for obj in objects:
        bucket.score(obj)
