import csv
import hashlib
import io
import itertools
import json
import random
from dataclasses import replace
from functools import partial

import pytest
from scorelet.batch import score_object
from scorelet.batch_keys import output_key, run_id, target_of
from scorelet.batch_score import BatchOptions
from scorelet.errors import EventError, ModelNotFound, ObjectMissing, PackageRefused
from scorelet.events.s3 import S3Object, created_event, s3_objects
from scorelet.package import load_package

from tests.events import as_notification
from tests.fakes.dying import DyingStore, Killed
from tests.fakes.nasty import nasty_file
from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore
from tests.fakes.turns import EveryOrder, take_turns
from tests.laws import FULL

BUCKET, KEY = "data-bucket", "incoming/tiny/day 1/a+b.csv"
GOOD = b"amount,age,member,colour\n5.10,33,true,red\n7,,0,light green\n"


class OneModel:
    def __init__(self, task="multiclass"):
        self.package = load_package(tiny_package(task)[0].__getitem__, expected_digest=None, public_key=None)

    def current(self, name, now):
        if name != "tiny":
            raise ModelNotFound(f"model {name!r} has no alias 'live'")
        return self.package

    def version(self, name, version, digest=None):
        assert (version, digest) == (self.package.manifest.version, self.package.digest)
        return self.package


MODELS = OneModel()


def drop(store, data=GOOD, key=KEY):
    store.put(BUCKET, key, data)
    blob = store.get(BUCKET, key)
    return S3Object(BUCKET, key, blob.version_id, blob.etag, len(data), "2024-05-01T12:00:00Z")


def outputs(store):
    """What a user finds, all but what was dropped: key to the body of its newest state."""
    found = {key: states for (_, key), states in store.versions.items() if not key.startswith(("incoming/", "runs/"))}
    assert all(len({state.body for state in states}) == 1 for states in found.values()), "an output changed"
    assert all(len(states) == 1 for key, states in found.items() if key.endswith("manifest.json"))
    return {key: states[-1].body for key, states in found.items()}


def test_a_file_becomes_scored_rows_rejects_and_a_manifest_that_adds_up():
    store = MemoryStore()
    obj = drop(store, GOOD + b"1,2\nnan,1,1,red\n")
    outcome = score_object(obj, store, MODELS, BatchOptions())
    found = outputs(store)
    folder = f"tiny/day 1/a+b.csv/{outcome.run}"
    assert set(found) == {
        f"scored/{folder}/part-00000.csv",
        f"rejected/{folder}/part-00000.csv",
        f"scored/{folder}/manifest.json",
    }
    manifest = json.loads(found[f"scored/{folder}/manifest.json"])
    assert outcome.committed
    assert outcome.manifest == manifest
    assert (manifest["rows_in"], manifest["rows_scored"], manifest["rows_rejected"]) == (4, 2, 2)
    assert manifest["rejects_by_code"] == {"not_finite": 1, "too_few_columns": 1}
    assert (manifest["status"], manifest["time"]) == ("scored", obj.time)
    assert manifest["model"] == {"name": "tiny", "version": 1, "digest": MODELS.package.digest}
    assert {sum(counts) for counts in manifest["sketch"].values()} == {2}
    for part in (*manifest["parts"], *manifest["rejects"]):
        body = found[part["key"]]
        assert (part["size"], part["digest"]) == (len(body), "sha256:" + hashlib.sha256(body).hexdigest())
        assert part["rows"] == len(list(csv.reader(io.StringIO(body.decode(), newline="")))) - 1


def test_too_many_rejects_are_said_and_the_outputs_are_complete_all_the_same():
    store = MemoryStore()
    data = GOOD + b"x,1,1,red\n"
    strict = score_object(drop(store, data), store, MODELS, BatchOptions(max_reject_rate=0.3)).manifest
    mild = score_object(drop(store, data), store, MODELS, BatchOptions(max_reject_rate=0.34)).manifest
    assert (strict["status"], mild["status"]) == ("too_many_rejects", "scored")
    assert strict["rows_scored"] == mild["rows_scored"] == 2
    assert strict["run"] != mild["run"]


@pytest.mark.parametrize(
    ("data", "key", "code"),
    [
        (b"", KEY, "unreadable_file"),
        (b"\x89PNG\r\n\x1a\n\0\0", KEY, "unreadable_file"),
        (b"amount,age\n1,2\n", KEY, "unreadable_file"),
        (GOOD, "incoming/unknown/a.csv", "model_not_found"),
        (GOOD, "incoming/No Model/a.csv", "model_not_found"),
    ],
)
def test_a_file_that_no_retry_can_help_is_committed_as_unreadable(data, key, code):
    store = MemoryStore()
    obj = drop(store, data, key)
    outcome = score_object(obj, store, MODELS, BatchOptions())
    assert outcome.committed
    assert (outcome.manifest["status"], outcome.manifest["error"]["code"]) == ("unreadable", code)
    assert (outcome.manifest["rows_in"], outcome.manifest["parts"]) == (0, [])
    (line,) = csv.DictReader(io.StringIO(store.get(BUCKET, outcome.manifest["rejects"][0]["key"]).body.decode()))
    assert line["code"] == code
    assert not score_object(obj, store, MODELS, BatchOptions()).committed


@pytest.mark.parametrize(
    "key",
    ["scored/tiny/a.csv", "rejected/tiny/a/b/part-00000.csv", "incoming/a.csv", "incoming//a", "x", "Incoming/t/a"],
)
def test_a_key_outside_the_drop_folder_is_never_scored(key):
    store = MemoryStore()
    with pytest.raises(EventError):
        score_object(drop(store, GOOD, key), store, MODELS, BatchOptions())
    assert len(store.versions) == 1


def test_no_output_can_be_taken_for_a_dropped_file():
    for name in ("incoming/tiny/x", "../incoming/tiny/x", "x"):
        target = target_of("incoming/tiny/" + name)
        for kind, file in itertools.product(("scored", "rejected"), ("part-00000.csv", "manifest.json")):
            with pytest.raises(EventError):
                target_of(output_key(kind, target, "0" * 20, file))


@pytest.mark.law
@pytest.mark.parametrize("name", ["é" * 500, "x" * 1011, "日" * 333, "a/" * 505, "+" * 900, "%2B b"])
def test_an_output_key_fits_and_different_names_stay_different(name):
    keys = {
        output_key(kind, target_of(f"incoming/tiny/{name}{end}"), "0" * 20, "part-00000.csv")
        for kind in ("scored", "rejected")
        for end in ("", "1", "2")
    }
    assert len(keys) == 6
    assert all(len(key.encode()) <= 1024 for key in keys)


def test_what_may_pass_is_raised_so_that_the_delivery_is_repeated():
    class Refusing:
        def current(self, name, now):
            raise PackageRefused("the digest is another")

    store = MemoryStore()
    with pytest.raises(PackageRefused):
        score_object(drop(store), store, Refusing(), BatchOptions())
    gone = S3Object(BUCKET, KEY, "no such version", "e", 1, "2024-05-01T12:00:00Z")
    with pytest.raises(ObjectMissing):
        score_object(gone, store, MODELS, BatchOptions())
    assert outputs(store) == {}


def test_what_was_overwritten_in_an_unversioned_bucket_is_not_taken_for_what_was_announced():
    store = MemoryStore()
    old = drop(store)
    new = drop(store, GOOD + b"1,1,1,red\n")
    first, second = (
        score_object(replace(obj, version_id=None), store, MODELS, BatchOptions()).manifest for obj in (old, new)
    )
    assert (first["status"], first["error"]["code"], first["rows_in"]) == ("unreadable", "object_changed", 0)
    assert (second["status"], second["rows_in"]) == ("scored", 3)


def test_a_run_is_named_by_content_model_and_settings():
    one = S3Object("b", "k", "v1", "e", 1, "2024-05-01T12:00:00Z", "s1")
    again = S3Object("b", "k", "v1", "e2", 2, "2025-05-01T12:00:00Z", "s2")
    unversioned = S3Object("b", "k", None, "e", 1, "2024-05-01T12:00:00Z")
    assert run_id(one, "d", {"a": 1}) == run_id(again, "d", {"a": 1})
    others = [run_id(unversioned, "d", {"a": 1}), run_id(one, "d2", {"a": 1}), run_id(one, "d", {"a": 2})]
    assert len({run_id(one, "d", {"a": 1}), *others}) == 4


@pytest.mark.law
def test_a_kill_before_or_after_any_call_is_healed_by_the_next_delivery(law):
    whole = MemoryStore()
    calls = DyingStore(whole)
    data = nasty_file(5, MODELS.package.signature, 30, 0.3)
    score_object(drop(whole, data), calls, MODELS, BatchOptions())
    wanted = outputs(whole)
    assert calls.calls[-1] == "put_if_absent"
    for number, when in law.each(itertools.product(range(len(calls.calls)), ("die_before", "die_after"))):
        store = MemoryStore()
        obj = drop(store, data)
        with pytest.raises(Killed):
            score_object(obj, DyingStore(store, **{when: number}), MODELS, BatchOptions())
        last = number == len(calls.calls) - 1 and when == "die_after"
        done = any(key.endswith("manifest.json") for key in outputs(store))
        assert done == last, "visible as done before its manifest"
        assert score_object(obj, store, MODELS, BatchOptions()).committed != last
        assert outputs(store) == wanted


@pytest.mark.law
def test_storms_of_deliveries_leave_what_single_ones_leave(law):
    """Duplicates, reordering, overwrites, kills, both shapes of event: each version of each object is scored once."""
    for seed in law.seeds(2000, 8):
        chance = random.Random(seed)
        files = [nasty_file(seed + i, MODELS.package.signature, 6, 0.3) for i in range(3)]
        drops = [(f"incoming/tiny/{chance.choice('ab')}.csv", data) for data in files]
        calm, storm = MemoryStore(), MemoryStore()
        for obj in [drop(calm, data, key) for key, data in drops]:
            score_object(obj, calm, MODELS, BatchOptions())
        deliveries = [heard(obj, chance) for obj in [drop(storm, data, key) for key, data in drops] for _ in range(3)]
        chance.shuffle(deliveries)
        committed = 0
        for obj in deliveries:
            store = DyingStore(storm, die_before=chance.randrange(8), die_after=chance.randrange(8))
            try:
                committed += score_object(obj, store, MODELS, BatchOptions()).committed
            except Killed:
                continue
        committed += sum(score_object(obj, storm, MODELS, BatchOptions()).committed for obj in deliveries)
        assert committed <= 3, seed
        assert outputs(storm) == outputs(calm), seed


def heard(obj, chance):
    """The object as an event of one shape or the other tells of it."""
    event = created_event(obj)
    (found,) = s3_objects(as_notification(event) if chance.random() < 0.5 else event)
    return found


@pytest.mark.law
def test_of_two_workers_at_once_one_commits_whatever_the_interleaving(law):
    """Two threads take turns at every call to the store, in every order there is; a sample of them in a usual run."""
    wanted = MemoryStore()
    score_object(drop(wanted), wanted, MODELS, BatchOptions())
    chance = law.chance()
    for choose in law.each(EveryOrder() if FULL else [chance.choice] * 10):
        store = MemoryStore()
        obj = drop(store)
        results = take_turns(store, choose, partial(score_object, obj, models=OneModel(), options=BatchOptions()))
        assert sum(outcome.committed for outcome in results) == 1
        assert outputs(store) == outputs(wanted)
