"""The rehearsal, over the API in this process: what is asked, and what counts as an answer."""

import json
from dataclasses import replace

import pytest
from scorelet import api
from scorelet.errors import RehearsalFailed
from scorelet.events.http import http_request
from scorelet.pretraffic import MOST_RECORDS, Rehearsal, check, entity_of, fitting
from scorelet.registry import Registry, alias_key
from scorelet.serving import Models

from tests.fakes.package import tiny_package, tiny_records
from tests.fakes.store import MemoryStore

WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}


class Stage:
    """A registry, the API in front of it, and every event that the API was asked."""

    def __init__(self, *tasks, most_bytes=100_000):
        self.store = MemoryStore()
        self.registry = Registry(self.store, "models")
        for task in tasks:
            self.publish(task)
            self.registry.promote(task, 1, **WHO)
        self.most_bytes = most_bytes
        self.asked = []

    def publish(self, task, version=1):
        self.registry.publish(tiny_package(task, name=task, version=version)[0])

    def ask(self, event):
        self.asked.append(event)
        options = api.Options(max_body_bytes=self.most_bytes)
        return api.respond(http_request(event), Models(self.store, "models"), options).reply.to_event()

    def run(self, ask=None, out_of_time=lambda: False):
        return list(Rehearsal(self.registry, "live", ask or self.ask, self.most_bytes, 1_700_000, out_of_time).run())


def test_every_task_answers_its_golden_records_as_callers_would_get_them():
    stage = Stage("binary", "multiclass", "regression")
    found = stage.run()
    assert [(r.model, r.version, r.records, r.problem) for r in found] == [
        (task, 1, 5, None) for task in ("binary", "multiclass", "regression")
    ]
    assert all(http_request(event).rehearsal for event in stage.asked)


def test_a_caller_cannot_make_a_request_a_rehearsal():
    stage = Stage("binary")
    stage.run()
    (event,) = stage.asked
    event["requestContext"]["apiId"] = "a1b2c3d4e5"
    event["headers"]["apiId"] = "scorelet-rehearsal"
    event["queryStringParameters"] = {"apiId": "scorelet-rehearsal"}
    assert not http_request(event).rehearsal


def test_every_version_with_a_share_of_the_traffic_is_asked_along_the_way_of_its_callers():
    stage = Stage("binary")
    for version, weight in ((2, 0.3), (3, 0.01)):
        stage.publish("binary", version)
        stage.registry.split("binary", version, weight, **WHO)
    assert [(r.version, r.problem) for r in stage.run()] == [(1, None), (2, None), (3, None)]
    assert {event["rawPath"] for event in stage.asked} == {"/v1/models/binary:predict"}


def test_a_share_too_small_to_be_hit_is_asked_by_its_number():
    stage = Stage("binary")
    stage.publish("binary", 2)
    stage.registry.split("binary", 2, 1e-12, **WHO)
    alias = stage.registry.alias("binary")
    assert entity_of(alias, "binary", alias.shares[0].entry) is None
    assert [(r.version, r.problem) for r in stage.run()] == [(1, None), (2, None)]
    assert stage.asked[1]["rawPath"] == "/v1/models/binary/versions/2:predict"


def test_another_version_that_answers_is_told():
    stage = Stage("binary")
    stage.publish("binary", 2)

    def ask(event):
        return stage.ask({**event, "rawPath": "/v1/models/binary/versions/2:predict"})

    assert [r.problem for r in stage.run(ask)] == ["version 2 answered instead"]


def test_an_alias_or_a_manifest_that_cannot_be_trusted_fails_alone():
    stage = Stage("binary", "multiclass", "regression")
    stage.store.put("models", alias_key("binary", "live"), b"{")
    stage.store.put(
        "models", "models/multiclass/1/manifest.json", tiny_package("multiclass", name="x")[0]["manifest.json"]
    )
    first, second, third = stage.run()
    assert "alias file cannot be read" in first.problem
    assert "the alias names" in second.problem
    assert third.problem is None


def test_an_alias_that_names_a_version_that_is_gone_fails():
    stage = Stage("binary")
    del stage.store.versions["models", "models/binary/1/manifest.json"]
    assert "has no version 1" in stage.run()[0].problem


def test_without_time_nothing_is_read_or_asked_and_nothing_has_passed():
    stage = Stage("binary")
    assert [r.problem for r in stage.run(out_of_time=lambda: True)] == ["there was no time left to ask"]
    assert stage.asked == []


def test_no_body_is_longer_than_the_new_version_takes():
    stage = Stage("binary", most_bytes=300)
    (found,) = stage.run()
    assert 0 < found.records < 5
    assert found.problem is None


def test_records_are_bounded_in_number_and_at_least_one():
    records = tiny_records(MOST_RECORDS * 2)
    assert len(fitting(records, 10_000_000)) == len(records), "the number is cut where they are taken"
    assert len(fitting(records, 1)) == 1


def _answer(**changes):
    stage = Stage("multiclass")
    stage.run()
    answer = stage.ask(stage.asked[0])
    return {**answer, "body": json.dumps({**json.loads(answer["body"]), **changes})}


MANIFEST = tiny_package("multiclass", name="multiclass")[1]
DIGEST = json.loads(_answer()["body"])["model_digest"]


def test_the_true_answer_passes():
    check(_answer(), MANIFEST, DIGEST, 5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "cannot be read"),
        ({}, "cannot be read"),
        ({"statusCode": 200, "body": "x"}, "cannot be read"),
        ({"statusCode": 200, "body": "[]"}, "cannot be read"),
        ({"statusCode": 500, "body": '{"code": "fault"}'}, "the answer is 500 fault"),
        (_answer(predictions=[]), "numbers were answered"),
        (_answer(predictions=[{"probabilities": {"low": 1, "mid": 0}}] * 5), "cannot be read"),
        (_answer(predictions=[{"probabilities": {"low": 1, "mid": 0, "high": 0}}] * 5), "differ by"),
        (_answer(predictions=[{"probabilities": {"low": float("nan"), "mid": 0, "high": 0}}] * 5), "differ by nan"),
        (_answer(model_digest="sha256:0"), "answered instead"),
    ],
)
def test_anything_else_fails_and_says_why(answer, words):
    with pytest.raises(RehearsalFailed, match=words):
        check(answer, MANIFEST, DIGEST, 5)


def test_large_values_are_compared_as_the_float32_they_are():
    stage = Stage("regression")
    manifest = tiny_package("regression", name="regression")[1]
    exact = 123456.7890625  # a float32; its shortest digits are 123456.79
    golden = replace(manifest.golden, outputs=((exact,),), tolerance=1e-9)
    answer = {"statusCode": 200, "body": json.dumps({"model_digest": "d", "predictions": [{"value": 123456.79}]})}
    check(answer, replace(manifest, golden=golden), "d", 1)
    assert stage.run()[0].problem is None


def test_a_package_without_golden_records_does_not_pass():
    empty = replace(MANIFEST, golden=replace(MANIFEST.golden, records=(), outputs=()))
    with pytest.raises(RehearsalFailed, match="0 golden records"):
        check({"statusCode": 200, "body": '{"model_digest": "d", "predictions": []}'}, empty, "d", 0)
