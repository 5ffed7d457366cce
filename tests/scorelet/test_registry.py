"""The registry: immutable versions, aliases that change only over the state they were read in."""

import dataclasses

import pytest
from scorelet.errors import AlreadyExists, ContractError, LostRace, ModelNotFound
from scorelet.manifest import MANIFEST_FILE, Manifest
from scorelet.registry import Registry

from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore

WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def registry(store):
    registry = Registry(store, "models")
    for version in (1, 2, 3):
        registry.publish(tiny_package(version=version)[0])
    return registry


def test_a_published_version_is_listed_and_read_back(registry):
    assert registry.names() == ["tiny"]
    assert registry.versions("tiny") == [1, 2, 3]
    assert registry.manifest("tiny", 2)[0].version == 2


def test_publishing_the_same_bytes_again_succeeds_quietly(registry):
    registry.publish(tiny_package(version=1)[0])
    assert registry.versions("tiny") == [1, 2, 3]


def test_a_version_is_never_overwritten(registry):
    files = dict(tiny_package(version=1)[0])
    other = dataclasses.replace(Manifest.from_bytes(files[MANIFEST_FILE]), created="2030-01-01T00:00:00Z")
    with pytest.raises(AlreadyExists, match="version 1 of 'tiny'"):
        registry.publish({**files, MANIFEST_FILE: other.to_bytes()})
    assert registry.manifest("tiny", 1)[0].created != other.created


def test_a_publish_that_was_broken_off_is_no_version_and_its_number_is_not_given_again(registry, store):
    store.put("models", "models/tiny/4/model.tflite", b"half a publish")
    assert registry.versions("tiny") == [1, 2, 3]
    assert registry.next_version("tiny") == 5


def test_promote_names_who_when_and_why_and_rollback_walks_back_one_decision_at_a_time(registry):
    for version in (1, 2, 3):
        registry.promote("tiny", version, **WHO)
    assert registry.alias("tiny").current.version == 3
    assert registry.alias("tiny").current.why == "to see"
    assert registry.rollback("tiny", **WHO).current.version == 2
    assert registry.rollback("tiny", **WHO).current.version == 1
    with pytest.raises(ModelNotFound, match="no other version"):
        registry.rollback("tiny", **WHO)


def test_promoting_what_is_live_already_changes_nothing(registry):
    first = registry.promote("tiny", 1, **WHO)
    assert registry.promote("tiny", 1, **WHO).etag == first.etag


def test_only_published_versions_can_be_promoted(registry):
    with pytest.raises(ModelNotFound, match="no version 9"):
        registry.promote("tiny", 9, **WHO)


def test_of_two_changes_from_the_same_state_one_loses(registry, store):
    registry.promote("tiny", 1, **WHO)
    real = store.put_if_match

    def while_somebody_else_promotes(*args, **kwargs):
        store.put_if_match = real
        registry.promote("tiny", 3, **WHO)
        return real(*args, **kwargs)

    store.put_if_match = while_somebody_else_promotes
    with pytest.raises(LostRace):
        registry.promote("tiny", 2, **WHO)
    assert registry.alias("tiny").current.version == 3


def test_a_split_and_a_shadow_are_kept_beside_the_decision_until_the_next_one(registry):
    registry.promote("tiny", 1, **WHO)
    registry.split("tiny", 2, 0.1, **WHO)
    registry.split("tiny", 3, 0.2, **WHO)
    registry.shadow("tiny", 3, **WHO)
    alias = registry.alias("tiny")
    assert alias.current.version == 1
    assert [(share.entry.version, share.weight) for share in alias.shares] == [(2, 0.1), (3, 0.2)]
    assert alias.shadow.version == 3
    assert [share.entry.version for share in registry.split("tiny", 2, 0, **WHO).shares] == [3]
    assert registry.alias("tiny") == registry.alias("tiny")
    ended = registry.promote("tiny", 2, **WHO)
    assert (ended.shares, ended.shadow, ended.current.version) == ((), None, 2)


def test_ending_a_split_leaves_the_current_version_alone(registry):
    registry.promote("tiny", 1, **WHO)
    registry.split("tiny", 2, 0.1, **WHO)
    alone = registry.end_split("tiny")
    assert (alone.shares, alone.current.version, alone.history) == ((), 1, ())
    assert registry.end_split("tiny").etag == alone.etag


@pytest.mark.parametrize(("version", "weight"), [(1, 0.5), (2, 1), (2, -0.1), (2, float("nan")), (3, 0.6)])
def test_weights_that_leave_nothing_to_the_current_version_are_refused(registry, version, weight):
    registry.promote("tiny", 1, **WHO)
    registry.split("tiny", 2, 0.4, **WHO)
    with pytest.raises(ContractError, match="leaves nothing"):
        registry.split("tiny", version, weight, **WHO)


@pytest.mark.parametrize("name", ["", "Iris", "a/b", "../x", "a" * 64, "é"])
def test_a_name_that_could_leave_its_folder_is_refused(registry, name):
    with pytest.raises(ContractError):
        registry.promote(name, 1, **WHO)
