"""One object is scored by one model version, whatever is promoted between its deliveries."""

import itertools
import json
import random
from contextlib import suppress
from dataclasses import replace

import pytest
from scorelet.batch import score_object
from scorelet.batch_score import BatchOptions
from scorelet.big_start import begin_run
from scorelet.errors import PackageRefused
from scorelet.events.s3 import S3Object
from scorelet.registry import Registry
from scorelet.serving import Models

from tests.fakes.dying import DyingStore, Killed
from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore

BUCKET, KEY = "data-bucket", "incoming/tiny/a.csv"
GOOD = b"amount,age,member,colour\n5.10,33,true,red\n"
WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}


class World:
    def __init__(self):
        self.store = MemoryStore()
        self.registry = Registry(self.store, "models")
        for version in (1, 2):
            self.registry.publish(tiny_package(version=version)[0])
        self.registry.promote("tiny", 1, **WHO)
        self.store.put(BUCKET, KEY, GOOD)
        blob = self.store.get(BUCKET, KEY)
        self.obj = S3Object(BUCKET, KEY, blob.version_id, blob.etag, len(GOOD), "2026-01-01T00:00:00Z")

    def deliver(self, store=None, **options):
        """As a fresh worker does: nothing is cached from the delivery before."""
        models = Models(self.store, "models", ttl_seconds=0)
        return score_object(self.obj, store or self.store, models, BatchOptions(**options))

    def drop(self, key):
        """Drop the file under a key, whatever is there: `deliver` then tells of it."""
        self.store.put(BUCKET, key, GOOD)
        blob = self.store.get(BUCKET, key)
        self.obj = replace(self.obj, key=key, version_id=blob.version_id, etag=blob.etag)
        return self

    def publish(self, name):
        """A model that was not there before."""
        self.registry.publish(tiny_package(name=name)[0])
        self.registry.promote(name, 1, **WHO)

    def begin(self):
        """As the door of big files does."""
        return begin_run(self.obj, self.store, Models(self.store, "models", ttl_seconds=0), BatchOptions(), 20)

    def manifests(self):
        keys = [key for _, key in self.store.versions if key.startswith("scored/") and key.endswith("manifest.json")]
        return [json.loads(self.store.get(BUCKET, key).body) for key in keys]


def test_a_delivery_that_comes_again_after_a_promotion_changes_nothing():
    world = World()
    assert world.deliver().committed
    world.registry.promote("tiny", 2, **WHO)
    assert not world.deliver().committed
    assert [m["model"]["version"] for m in world.manifests()] == [1]


@pytest.mark.law
def test_a_kill_and_a_promotion_between_any_two_calls_leave_one_run_of_one_version(law):
    probe = World()
    calls = DyingStore(probe.store)
    probe.deliver(calls)
    for number, when in law.each(itertools.product(range(len(calls.calls)), ("die_before", "die_after"))):
        world = World()
        with pytest.raises(Killed):
            world.deliver(DyingStore(world.store, **{when: number}))
        pinned = any(key.startswith("runs/") for _, key in world.store.versions)
        world.registry.promote("tiny", 2, **WHO)
        world.deliver()
        world.deliver()
        assert [m["model"]["version"] for m in world.manifests()] == [1 if pinned else 2]


def test_a_package_that_is_refused_pins_nothing():
    world = World()
    world.store.put("models", "models/tiny/1/model.tflite", b"not the model")
    with pytest.raises(PackageRefused):
        world.deliver()
    world.registry.promote("tiny", 2, **WHO)
    assert world.deliver().committed
    assert [m["model"]["version"] for m in world.manifests()] == [2]


def asked(world, version):
    """The object, asking for a version."""
    world.store.notes[BUCKET, KEY] = {"scorelet-version": version}
    return world


def test_an_object_is_scored_by_the_version_it_asks_for_and_its_run_is_marked_as_a_comparison():
    world = asked(World(), "2")
    manifest = world.deliver().manifest
    assert (manifest["model"]["version"], manifest["status"]) == (2, "scored")
    assert manifest["purpose"] == manifest["settings"]["purpose"] == "comparison"
    world.registry.promote("tiny", 2, **WHO)
    assert not world.deliver().committed
    assert len(world.manifests()) == 1


def test_asking_for_the_live_version_is_another_run_than_not_asking():
    plain, comparison = World().deliver(), asked(World(), "1").deliver()
    assert "purpose" not in plain.manifest
    assert "purpose" not in plain.manifest["settings"]
    assert plain.manifest["model"] == comparison.manifest["model"]
    assert plain.run != comparison.run


@pytest.mark.parametrize(
    ("version", "code", "words"),
    [
        ("9", "model_not_found", "model 'tiny' has no version 9"),
        ("seven", "bad_settings", "version is 'seven', not the number of a version"),
        ("0", "bad_settings", "version is '0'"),
        ("-1", "bad_settings", "version is '-1'"),
        ("२", "bad_settings", "version is '२'"),
        ("", "bad_settings", "version is ''"),
    ],
)
def test_a_version_that_does_not_exist_is_committed_as_unreadable_with_the_reason(version, code, words):
    world = asked(World(), version)
    manifest = world.deliver().manifest
    assert (manifest["status"], manifest["error"]["code"]) == ("unreadable", code)
    assert words in manifest["error"]["reason"]
    assert manifest["purpose"] == "comparison"
    assert not world.deliver().committed


def test_what_an_object_asks_for_is_settled_once_whatever_its_metadata_say_later():
    probe, world = DyingStore(asked(World(), "2").store), asked(World(), "2")
    world.deliver(probe)
    with pytest.raises(Killed):
        world.deliver(DyingStore(world.store, die_after=probe.calls.index("put_if_absent")))
    assert [key for _, key in world.store.versions if key.startswith("runs/")]
    asked(world, "1")
    assert world.deliver().manifest["model"]["version"] == 2


def _break(world):
    world.store.put("models", "models/tiny/2/model.tflite", b"not the model")


def _garble(world):
    world.store.put("models", "models/tiny/2/manifest.json", b"{}")


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (_break, "package_refused", "model.tflite is not the file that manifest.json describes"),
        (_garble, "bad_contract", ""),
    ],
)
def test_a_version_asked_for_that_is_refused_is_committed_as_unreadable(big, spoil, code, words):
    world = asked(World(), "2")
    spoil(world)
    outcome = world.begin() if big else world.deliver()
    assert outcome.committed
    assert (outcome.manifest["status"], outcome.manifest["error"]["code"]) == ("unreadable", code)
    assert words in outcome.manifest["error"]["reason"]
    assert outcome.manifest["purpose"] == "comparison"
    assert not world.deliver().committed


@pytest.mark.parametrize("version", ["2", "3"])
def test_what_was_refused_stays_refused_though_the_version_is_there_later(version):
    world = asked(World(), version)
    _break(world)
    world.deliver()
    world.store.put("models", "models/tiny/2/model.tflite", tiny_package(version=2)[0]["model.tflite"])
    world.registry.publish(tiny_package(version=3)[0])
    assert not world.deliver().committed
    assert [m["status"] for m in world.manifests()] == ["unreadable"]


@pytest.mark.law
def test_a_kill_between_any_two_calls_leaves_one_manifest_of_what_was_asked_for(law):
    for version, status in (("2", "scored"), ("9", "unreadable")):
        probe = asked(World(), version)
        calls = DyingStore(probe.store)
        probe.deliver(calls)
        for number, when in law.each(itertools.product(range(len(calls.calls)), ("die_before", "die_after"))):
            world = asked(World(), version)
            with pytest.raises(Killed):
                world.deliver(DyingStore(world.store, **{when: number}))
            world.deliver()
            assert [m["status"] for m in world.manifests()] == [status]


LATER = "incoming/later/a.csv"  # a model that is published after the file was dropped


@pytest.mark.parametrize("big", [False, True])
def test_a_file_of_an_unknown_model_has_one_manifest_though_the_model_is_published_later(big):
    world = World().drop(LATER)
    first = world.begin() if big else world.deliver()
    assert (first.committed, first.manifest["error"]["code"]) == (True, "model_not_found")
    world.publish("later")
    assert not world.deliver().committed
    assert not world.begin().committed
    assert [m["error"]["reason"] for m in world.manifests()] == ["model 'later' has no alias 'live'"]


def test_a_file_is_scored_when_it_is_dropped_again_after_its_model_was_published():
    world = World().drop(LATER)
    world.deliver()
    world.publish("later")
    assert world.drop(LATER).deliver().manifest["status"] == "scored"
    assert [m["status"] for m in world.manifests()] == ["unreadable", "scored"]


@pytest.mark.law
def test_a_kill_and_a_publishing_between_any_two_calls_leave_one_manifest_of_what_was_settled():
    probe = World().drop(LATER)
    calls = DyingStore(probe.store)
    probe.deliver(calls)
    for number, when in itertools.product(range(len(calls.calls)), ("die_before", "die_after")):
        world = World().drop(LATER)
        with pytest.raises(Killed):
            world.deliver(DyingStore(world.store, **{when: number}))
        pinned = any(key.startswith("runs/") for _, key in world.store.versions)
        world.publish("later")
        world.deliver()
        world.deliver()
        assert [m["status"] for m in world.manifests()] == ["unreadable" if pinned else "scored"]


@pytest.mark.law
def test_storms_of_deliveries_around_a_publishing_leave_one_manifest(law):
    for seed in law.seeds(1000, 40):
        chance, world = random.Random(seed), World().drop(LATER)
        published = chance.randrange(6)
        for number in range(6):
            if number == published:
                world.publish("later")
            dying = DyingStore(world.store, die_before=chance.randrange(10), die_after=chance.randrange(10))
            with suppress(Killed):
                world.deliver(dying, max_reject_rate=chance.choice([0.5, 1.0]))
        world.deliver()
        assert len(world.manifests()) == 1, seed


@pytest.mark.parametrize(
    ("key", "version"),
    [(KEY, None), (LATER, None), ("incoming/No Model/a.csv", None), (KEY, "seven"), (KEY, "9"), (KEY, "2")],
)
def test_a_run_keeps_the_rate_of_rejects_that_its_first_delivery_allowed(key, version):
    world = World().drop(key)
    world.store.notes[BUCKET, key] = {"scorelet-version": version} if version else {}
    assert world.deliver(max_reject_rate=0.5).committed
    assert not world.deliver(max_reject_rate=0.6).committed
    assert [m["settings"]["max_reject_rate"] for m in world.manifests()] == [0.5]


def test_a_pin_of_an_earlier_release_is_read():
    """They did not say which rate of rejects was allowed."""
    world = World()
    world.deliver()
    (pin,) = (key for _, key in world.store.versions if key.endswith("/model.json"))
    settled = json.loads(world.store.get(BUCKET, pin).body)
    del settled["max_reject_rate"], settled["asked"]
    world.store.put(BUCKET, pin, json.dumps(settled).encode())
    assert not world.deliver().committed
    assert len(world.manifests()) == 1
