"""Evaluating: the live model's window against its training, and the report."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from scorelet.collect import collect_log, collect_manifest
from scorelet.drift import DriftRules
from scorelet.errors import ModelNotFound, PackageRefused
from scorelet.manifest import MANIFEST_FILE, SIGNATURE_FILE
from scorelet.monitor import evaluate, read_live
from scorelet.registry import Registry
from scorelet.signing import new_key_pair, sign

from tests.fakes.answers import loaded, manifest_of, spread
from tests.fakes.package import tiny_package, tiny_records
from tests.fakes.store import MemoryStore

DAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = DAY + timedelta(days=1)
WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}
RULES = DriftRules()


@pytest.fixture
def store():
    store = MemoryStore()
    registry = Registry(store, "models")
    registry.publish(tiny_package()[0])
    registry.promote("tiny", 1, **WHO)
    return store


def live(store, public_key=None):
    return read_live(store, "models", "tiny", "live", public_key)


def judge(store, now=NOW, rules=RULES):
    return evaluate(live(store), now, 24, rules, store, "data")


def report(store, key="monitor/tiny/latest.json"):
    return json.loads(store.get("data", key).body)


def shifted(records, by=600.0):
    return [{**r, "amount": min(1000.0, r["amount"] + by)} for r in records]


def ask(store, records, start=DAY, hours=24):
    collect_log(spread(loaded(), records, start, hours), store, "data")


def test_traffic_like_the_training_is_ok(store):
    ask(store, tiny_records(500, seed=99))
    found = judge(store)
    assert (found.model, found.version, found.rows, found.drifted) == ("tiny", 1, 500, ())
    assert found.metrics()["DriftedFeatures"] == 0
    assert found.metrics()["DriftEffect"] < RULES.min_effect
    assert report(store)["status"] == "ok"


def test_a_shifted_feature_is_found_and_told_of(store):
    ask(store, shifted(tiny_records(500, seed=99)))
    found = judge(store)
    assert "amount" in found.drifted
    assert not {"age", "member", "colour"} & set(found.drifted)
    assert found.metrics()["DriftedFeatures"] == len(found.drifted)
    assert found.metrics()["DriftEffect"] == pytest.approx(found.effect)
    told = report(store)
    assert (told["status"], told["model"], told["version"], told["rows"]) == ("drift", "tiny", 1, 500)
    first = told["quantities"][0]
    assert first["name"] in told["drifted"]
    amount = next(q for q in told["quantities"] if q["name"] == "amount")
    assert amount["movement"].startswith("higher: ")
    assert sum(amount["window_shares"]) == pytest.approx(1, abs=1e-3)
    assert told["traffic"] == [{"version": 1, "source": "api", "rows": 500}]


def test_a_file_of_shifted_rows_is_found_too(store):
    body = manifest_of(loaded(), shifted(tiny_records(4000, seed=99)), DAY + timedelta(hours=3), "run")
    collect_manifest(body, store, "data")
    assert "amount" in judge(store).drifted


def test_nulls_where_training_had_few_are_found(store):
    ask(store, [{**r, "age": None if i % 2 else r["age"]} for i, r in enumerate(tiny_records(500, seed=99))])
    assert "age" in judge(store).drifted
    (age,) = [q for q in report(store)["quantities"] if q["name"] == "age"]
    assert age["movement"].startswith("more nulls")


def test_too_few_rows_give_no_verdict_and_no_verdict_metric(store):
    ask(store, shifted(tiny_records(199)))
    found = judge(store)
    assert found.drifted is None
    assert found.metrics() == {"WindowRows": 199}
    assert report(store)["status"] == "too_few_rows"


def test_an_empty_window_is_reported(store):
    assert judge(store).metrics() == {"WindowRows": 0}
    assert report(store)["quantities"] == []


def test_another_versions_traffic_is_not_judged_by_this_ones_baseline(store):
    collect_log(spread(loaded(version=2), shifted(tiny_records(500)), DAY, 24), store, "data")
    assert judge(store).rows == 0
    assert report(store)["traffic"] == [{"version": 2, "source": "api", "rows": 500}]


def test_the_same_schedule_event_again_gives_the_same_report(store):
    ask(store, shifted(tiny_records(500)))
    judge(store)
    first = {key: states[-1].body for key, states in store.versions.items()}
    judge(store)
    assert {key: states[-1].body for key, states in store.versions.items()} == first


def test_a_drift_is_told_of_since_it_was_first_found(store):
    ask(store, shifted(tiny_records(1000)), hours=48)
    for hours in (0, 1, 2):
        judge(store, NOW + timedelta(hours=hours))
    assert report(store)["since"]["amount"] == NOW.isoformat()
    assert report(store)["window"]["end"] == (NOW + timedelta(hours=2)).isoformat()
    keys = [info.key for info in store.list("data", "monitor/tiny/date=")]
    assert keys == [f"monitor/tiny/date=2026-03-03/0{h}0000.json" for h in (0, 1, 2)]


def test_a_drift_that_came_back_is_new(store):
    ask(store, shifted(tiny_records(500)))
    judge(store)
    ask(store, tiny_records(500, seed=99), start=NOW)
    judge(store, NOW + timedelta(days=1))
    ask(store, shifted(tiny_records(500)), start=NOW + timedelta(days=1))
    again = NOW + timedelta(days=2)
    judge(store, again)
    assert report(store)["since"]["amount"] == again.isoformat()


def test_an_event_that_comes_late_does_not_become_the_newest_report(store):
    ask(store, tiny_records(500), hours=48)
    judge(store, NOW + timedelta(hours=5))
    judge(store, NOW)
    assert report(store)["window"]["end"] == (NOW + timedelta(hours=5)).isoformat()
    assert report(store, "monitor/tiny/date=2026-03-03/000000.json")["rows"] > 0


def test_a_report_has_no_number_that_is_not_finite(store):
    ask(store, shifted(tiny_records(500), by=1e9))
    judge(store)
    text = store.get("data", "monitor/tiny/latest.json").body.decode()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_without_an_alias_there_is_nothing_to_judge_by():
    with pytest.raises(ModelNotFound):
        live(MemoryStore())


def test_a_manifest_that_the_alias_does_not_name_is_refused(store):
    key = f"models/tiny/1/{MANIFEST_FILE}"
    store.put("models", key, store.get("models", key).body + b" ")
    with pytest.raises(PackageRefused, match="not the one"):
        live(store)


def test_with_a_public_key_the_manifests_signature_counts(store):
    private, public = new_key_pair()
    with pytest.raises(PackageRefused, match="incomplete"):
        live(store, public)
    body = store.get("models", f"models/tiny/1/{MANIFEST_FILE}").body
    store.put("models", f"models/tiny/1/{SIGNATURE_FILE}", sign(private, body))
    assert live(store, public).manifest.version == 1
    with pytest.raises(PackageRefused, match="signature"):
        live(store, new_key_pair()[1])
