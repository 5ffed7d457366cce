"""Collecting: log deliveries and manifests become Parquet by the hour, the same for every redelivery."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from scorelet.collect import collect_log, collect_manifest
from scorelet.errors import ContractError

from tests.fakes.answers import delivery, lines_at, loaded, manifest_of
from tests.fakes.package import tiny_records
from tests.fakes.store import MemoryStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PACKAGE = loaded()


def table(store, key, tmp_path):
    path = tmp_path / "table.parquet"
    store.download("data", key, path)
    return duckdb.sql(f"FROM '{path}'").fetchall()


def test_each_answer_becomes_one_row_under_the_hour_it_was_given_in(tmp_path):
    store = MemoryStore()
    lines = [
        *lines_at(PACKAGE, tiny_records(3), NOON - timedelta(minutes=1), "a"),
        "START RequestId: 1",
        *lines_at(PACKAGE, tiny_records(2), NOON, "b"),
    ]
    before, after = collect_log(delivery(lines), store, "data")
    assert before.startswith("predictions/date=2026-03-02/hour=11/log-")
    assert after.startswith("predictions/date=2026-03-02/hour=12/log-")
    assert [row[:2] for row in table(store, before, tmp_path)] == [("a", 0), ("a", 1), ("a", 2)]
    ((name, _, time, model, version, digest, label, score, bins), _) = table(store, after, tmp_path)
    assert (name, time, model, version, digest) == ("b", 1772452800000, "tiny", 1, PACKAGE.digest)
    assert label in (0, 1, 2)
    assert 0 < score <= 1
    assert len(bins) == 4


def test_a_second_delivery_writes_nothing():
    store = MemoryStore()
    batch = delivery(lines_at(PACKAGE, tiny_records(3), NOON, "a"))
    assert collect_log(batch, store, "data") == collect_log(batch, store, "data")
    assert [len(states) for states in store.versions.values()] == [1]


def test_the_same_delivery_makes_the_same_bytes_anywhere():
    batch = delivery(lines_at(PACKAGE, tiny_records(300), NOON, "a"))
    one, other = MemoryStore(), MemoryStore()
    (key,) = collect_log(batch, one, "data")
    assert collect_log(batch, other, "data") == [key]
    assert one.get("data", key).body == other.get("data", key).body


def test_other_deliveries_have_other_keys():
    store = MemoryStore()
    lines = lines_at(PACKAGE, tiny_records(3), NOON, "a")
    assert collect_log(delivery(lines), store, "data") != collect_log(delivery(lines, first=7), store, "data")


def test_a_delivery_without_predictions_writes_nothing():
    store = MemoryStore()
    assert collect_log(delivery([]), store, "data") == []
    assert collect_log(delivery(["REPORT RequestId: 1"]), store, "data") == []
    assert store.versions == {}


def test_a_manifest_becomes_counts_under_the_hour_of_its_file(tmp_path):
    store = MemoryStore()
    key = collect_manifest(manifest_of(PACKAGE, tiny_records(50), NOON, "5f0c9a3be1d24a67c8b0"), store, "data")
    assert key == "predictions/date=2026-03-02/hour=12/run-5f0c9a3be1d24a67c8b0.parquet"
    rows = table(store, key, tmp_path)
    assert {row[:6] for row in rows} == {("5f0c9a3be1d24a67c8b0", 1772452800000, "tiny", 1, PACKAGE.digest, "batch")}
    for feature in ("amount", "__score__", "__label__"):
        assert sum(count for *_, name, _, count in rows if name == feature) == 50


def test_a_manifest_of_a_file_without_one_scored_row_writes_nothing():
    store = MemoryStore()
    body = b'{"run": "r", "time": "2026-03-02T12:00:00Z", "model": {"name": "x", "version": null, "digest": null}}'
    assert collect_manifest(body, store, "data") is None
    assert collect_manifest(body[:-1] + b', "sketch": {"a": [0, 0]}}', store, "data") is None
    assert store.versions == {}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"run": 1, "time": "2026", "model": {}}'])
def test_a_manifest_that_cannot_be_read_is_refused(body):
    with pytest.raises(ContractError, match="manifest"):
        collect_manifest(body, MemoryStore(), "data")


def test_a_comparison_of_versions_is_no_traffic():
    store = MemoryStore()
    manifest = json.loads(manifest_of(PACKAGE, tiny_records(50), NOON, "5f0c9a3be1d24a67c8b0"))
    assert collect_manifest(json.dumps({**manifest, "purpose": "comparison"}).encode(), store, "data") is None
    assert store.versions == {}
