"""One contract, two stores: the in-memory fake of the tests and S3 (moto). What holds for both may be relied on."""

import io
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from scorelet.aws_s3 import S3Store, s3_client
from scorelet.aws_s3_body import CorruptObject
from scorelet.errors import LostRace, ObjectChanged, ObjectMissing, ObjectTooLarge

from tests.fakes.store import MemoryStore

BUCKET = "data-bucket"
HOSTILE = ["a b", "a+b", "a%2Bb", "a%20b", "日本/é", "\U0001f600", "é" * 512, "+" * 1024, "a//b", "x?y=1&z#f", 'q"\\']


@pytest.fixture(params=["memory", "s3"])
def store(request, monkeypatch):
    if request.param == "memory":
        yield MemoryStore()
        return
    for name, value in {"ACCESS_KEY_ID": "t", "SECRET_ACCESS_KEY": "t", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    s3_client.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield S3Store()
    s3_client.cache_clear()


def test_what_is_put_can_be_read(store):
    etag = store.put(BUCKET, "k", b"one")
    blob = store.get(BUCKET, "k")
    assert (blob.body, blob.etag) == (b"one", etag)
    assert blob.version_id


def test_a_small_object_is_read_and_a_large_one_is_not(store):
    store.put(BUCKET, "k", b"12345")
    store.put(BUCKET, "empty", b"")
    assert (store.get_small(BUCKET, "k", 5), store.get_small(BUCKET, "empty", 5)) == (b"12345", b"")
    with pytest.raises(ObjectTooLarge):
        store.get_small(BUCKET, "k", 4)
    with pytest.raises(ObjectMissing):
        store.get_small(BUCKET, "other", 4)


def test_an_old_version_stays_readable(store, tmp_path):
    store.put(BUCKET, "k", b"one")
    first = store.get(BUCKET, "k")
    store.put(BUCKET, "k", b"two, longer")
    assert store.get(BUCKET, "k").body == b"two, longer"
    assert store.get(BUCKET, "k", first.version_id).body == b"one"
    info = store.download(BUCKET, "k", tmp_path / "file", first.version_id)
    assert ((tmp_path / "file").read_bytes(), info.size, info.etag) == (b"one", 3, first.etag)


def test_a_range_of_an_old_version_can_be_read_piece_by_piece(store):
    store.put(BUCKET, "k", b"0123456789")
    first = store.get(BUCKET, "k")
    store.put(BUCKET, "k", b"another")
    with store.open_range(BUCKET, "k", 2, 7, first.version_id) as file:
        assert (file.size, file.etag) == (10, first.etag)
        assert [file.read(3), file.read(3), file.read(3)] == [b"234", b"56", b""]
    with store.open_range(BUCKET, "k", 5, 1000) as file:
        assert (file.size, file.read(100)) == (7, b"er")
    with pytest.raises(ObjectMissing), store.open_range(BUCKET, "other", 0, 1):
        pass


def test_a_range_of_another_state_than_the_one_meant_is_refused(store):
    etag = store.put(BUCKET, "k", b"0123456789")
    first = store.get(BUCKET, "k")
    with store.open_range(BUCKET, "k", 0, 4, None, etag) as file:
        assert file.read(9) == b"0123"
    store.put(BUCKET, "k", b"another")
    with pytest.raises(ObjectChanged), store.open_range(BUCKET, "k", 0, 4, None, etag):
        pass
    with store.open_range(BUCKET, "k", 0, 4, first.version_id, etag) as file:
        assert file.read(9) == b"0123"


@pytest.mark.parametrize("told", ["bytes 0-9/10", "bytes 2-5/10", "bytes 3-6/10"])
def test_another_range_than_the_one_asked_for_is_an_error(told):
    class Client:
        def get_object(self, **_):
            return {"ContentRange": told, "ETag": '"e"', "Body": io.BytesIO(b"0123456789")}

    with pytest.raises(CorruptObject), S3Store(Client()).open_range(BUCKET, "k", 2, 7):
        pass


def test_what_is_missing_is_told(store, tmp_path):
    store.put(BUCKET, "k", b"one")
    assert not store.exists(BUCKET, "other")
    for read in (
        lambda: store.get(BUCKET, "other"),
        lambda: store.get_if_changed(BUCKET, "other", "0"),
        lambda: store.download(BUCKET, "other", tmp_path / "file"),
    ):
        with pytest.raises(ObjectMissing, match="other"):
            read()


def test_an_unchanged_object_is_not_sent_again(store):
    etag = store.put(BUCKET, "k", b"one")
    assert store.get_if_changed(BUCKET, "k", etag) is None
    store.put(BUCKET, "k", b"two")
    changed = store.get_if_changed(BUCKET, "k", etag)
    assert changed is not None
    assert changed.body == b"two"


def test_only_the_first_creates(store, tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    assert store.put_if_absent(BUCKET, "k", tmp_path / "file")
    assert not store.put_if_absent(BUCKET, "k", b"yours")
    assert store.get(BUCKET, "k").body == b"mine"
    assert store.exists(BUCKET, "k")


def test_only_the_state_that_was_read_is_replaced(store):
    first = store.put(BUCKET, "k", b"one")
    second = store.put_if_match(BUCKET, "k", b"two", first)
    with pytest.raises(LostRace):
        store.put_if_match(BUCKET, "k", b"three", first)
    with pytest.raises(LostRace):
        store.put_if_match(BUCKET, "nothing here", b"three", first)
    assert (store.get(BUCKET, "k").body, store.get(BUCKET, "k").etag) == (b"two", second)


def test_a_listing_is_by_prefix_and_in_order(store):
    for key in ("p/b", "p/a", "q/c", "p"):
        store.put(BUCKET, key, key.encode())
    assert [(info.key, info.size) for info in store.list(BUCKET, "p/")] == [("p/a", 3), ("p/b", 3)]


def test_a_listing_may_begin_behind_a_key(store):
    for key in ("p/b", "p/a", "p/é", "q/c", "p/b/c"):
        store.put(BUCKET, key, b"x")
    assert [info.key for info in store.list(BUCKET, "p/", "p/b")] == ["p/b/c", "p/é"]
    assert [state.key for state in store.list_states(BUCKET, "p/", "p/b")] == ["p/b/c", "p/é"]
    assert list(store.list(BUCKET, "p/", "p/é")) == list(store.list_states(BUCKET, "p/", "p/é")) == []


def test_a_listing_of_states_tells_the_current_version_and_whether_there_are_others(store):
    for body in (b"one", b"two, longer"):
        store.put(BUCKET, "k", body)
        store.put(BUCKET, "k/b", body)
    store.put(BUCKET, "l", b"one")
    states = list(store.list_states(BUCKET, ""))
    assert [(state.key, state.alone) for state in states] == [("k", False), ("k/b", False), ("l", True)]
    for state in states:
        blob = store.get(BUCKET, state.key)
        assert (state.size, state.etag, state.version_id) == (len(blob.body), blob.etag, blob.version_id)
        assert state.modified == int(state.modified)
    assert {info.key: int(info.modified) for info in store.list(BUCKET, "")} == {s.key: s.modified for s in states}


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_listing_of_states_tells_what_is_deleted(store):
    for key in ("a", "b", "c"):
        store.put(BUCKET, key, b"one")
    s3_client().delete_object(Bucket=BUCKET, Key="b")
    states = [(state.key, state.deleted) for state in store.list_states(BUCKET, "")]
    assert states == [("a", False), ("b", True), ("c", False)]


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_listing_of_many_states_goes_on_over_pages(store):
    keys = [f"k/{number:04d}" for number in range(30)]
    for key in [*keys, *keys[::3]]:
        store.put(BUCKET, key, b"x")

    class Small:
        """Seven states a page."""

        def get_paginator(self, name):
            pages = s3_client().get_paginator(name)
            return SimpleNamespace(paginate=lambda **kw: pages.paginate(PaginationConfig={"PageSize": 7}, **kw))

    for after in ("", keys[10], keys[12]):
        found = list(S3Store(Small()).list_states(BUCKET, "k/", after))
        assert [state.key for state in found] == [key for key in keys if key > after]
        assert [state.key for state in found if not state.alone] == [key for key in keys[::3] if key > after]


def test_bodies_may_come_from_files(store, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    store.put(BUCKET, "k", tmp_path / "file", "text/csv")
    assert store.get(BUCKET, "k").body == b"x" * 3_000_000


@pytest.mark.parametrize("key", HOSTILE)
def test_hostile_keys_round_trip(store, key):
    store.put(BUCKET, key, b"one")
    assert store.get(BUCKET, key).body == b"one"
    assert store.exists(BUCKET, key)
    assert [info.key for info in store.list(BUCKET, key)] == [key]
