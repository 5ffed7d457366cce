"""The HTTP API's core: right answers, and refusals that name the field, the expectation and the remedy."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scorelet import api
from scorelet.events.http import HttpRequest
from scorelet.registry import Registry
from scorelet.serving import Models

from tests.fakes.package import tiny_package, tiny_records
from tests.fakes.store import MemoryStore

GOOD = tiny_records(1)[0]
WHO = {"at": "2026-01-01T00:00:00Z", "by": "a test", "why": "to see"}


def models_of(task):
    store = MemoryStore()
    registry = Registry(store, "models")
    for version in (1, 2):
        registry.publish(tiny_package(task, version=version)[0])
    registry.promote("tiny", 2, **WHO)
    registry.promote("tiny", 1, alias="old", **WHO)
    return Models(store, "models")


@pytest.fixture(scope="module")
def models():
    return models_of("multiclass")


def ask(models, body, path="/v1/models/tiny:predict", method="POST", headers=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = HttpRequest(method, path, headers or {}, raw, "req-1", 1_700_000_000_000)
    answered = api.respond(request, models, api.Options(max_body_bytes=100_000))
    event = answered.reply.to_event()
    return event["statusCode"], json.loads(event["body"]), answered


def test_an_answer_holds_label_score_distribution_and_the_model_that_gave_it(models):
    status, body, _ = ask(models, {"instances": [GOOD]})
    assert status == 200
    (prediction,) = body["predictions"]
    assert prediction["score"] == max(prediction["probabilities"].values())
    assert prediction["probabilities"][prediction["label"]] == prediction["score"]
    assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert body["model_version"] == 2
    assert body["model_digest"].startswith("sha256:")
    assert body["prediction_id"] == "req-1"


def test_one_record_gets_the_same_answer_alone_and_among_others(models):
    records = tiny_records(50)
    _, together, _ = ask(models, {"instances": records})
    alone = [ask(models, {"instances": [r]})[1]["predictions"][0] for r in records]
    assert together["predictions"] == alone


def test_a_binary_answer_compares_the_positive_class_with_the_threshold():
    _, body, _ = ask(models_of("binary"), {"instances": tiny_records(40)})
    for prediction in body["predictions"]:
        assert prediction["score"] == prediction["probabilities"]["yes"]
        assert prediction["label"] == ("yes" if prediction["score"] >= 0.5 else "no")


def test_a_regression_answers_a_value():
    _, body, _ = ask(models_of("regression"), {"instances": [GOOD]})
    assert list(body["predictions"][0]) == ["value"]


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/v1/models/tiny:predict", 2),
        ("/v1/models/tiny/versions/1:predict", 1),
        ("/v1/models/tiny/labels/old:predict", 1),
    ],
)
def test_a_version_or_an_alias_can_be_asked_by_path(models, path, version):
    assert ask(models, {"instances": [GOOD]}, path)[1]["model_version"] == version


def test_every_bad_field_is_named_with_what_was_expected(models):
    status, body, answered = ask(models, {"instances": [GOOD, {**GOOD, "amount": "12", "colour": "pink"}]})
    assert status == 400
    assert body["code"] == "invalid_records"
    found = [(p["pointer"], p["code"]) for p in body["problems"]]
    assert found == [("/instances/1/amount", "wrong_type"), ("/instances/1/colour", "unknown_category")]
    assert body["problems"][0]["expected"] == "a finite number from -1000 to 1000"
    assert body["error"].startswith("/instances/1/amount: the value has the wrong type")
    assert answered.predictions is None


def test_nan_and_infinity_in_json_are_refused_by_name(models):
    body = json.dumps({"instances": [{**GOOD, "amount": float("nan")}]}).encode()
    assert ask(models, body)[1]["problems"][0]["code"] == "not_finite"


def test_an_unknown_field_is_refused_and_its_pointer_is_escaped(models):
    _, body, _ = ask(models, {"instances": [{**GOOD, "a/b~c": 1}]})
    assert [(p["pointer"], p["code"]) for p in body["problems"]] == [("/instances/0/a~1b~0c", "unknown_field")]


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "code"),
    [
        ("/v1/models/nobody:predict", "POST", {"instances": [GOOD]}, 404, "model_not_found"),
        ("/v1/models/..%2F:predict", "POST", {"instances": [GOOD]}, 404, "model_not_found"),
        ("/v1/models/tiny/versions/9:predict", "POST", {"instances": [GOOD]}, 404, "model_not_found"),
        ("/v1/models/tiny/labels/none:predict", "POST", {"instances": [GOOD]}, 404, "model_not_found"),
        ("/v1/models/tiny:guess", "POST", {"instances": [GOOD]}, 404, "not_found"),
        ("/", "GET", b"", 404, "not_found"),
        ("/v1/models/tiny:predict", "GET", b"", 405, "method_not_allowed"),
        ("/v1/models/tiny", "POST", b"", 405, "method_not_allowed"),
        ("/v1/models/tiny:predict", "POST", b" " * 100_001, 413, "body_too_large"),
        ("/v1/models/tiny:predict", "POST", b"", 400, "bad_request"),
        ("/v1/models/tiny:predict", "POST", b"{", 400, "bad_request"),
        ("/v1/models/tiny:predict", "POST", b"\xff\xfe", 400, "bad_request"),
        ("/v1/models/tiny:predict", "POST", b"[" * 50_000, 400, "bad_request"),
        ("/v1/models/tiny:predict", "POST", [GOOD], 400, "bad_request"),
        ("/v1/models/tiny:predict", "POST", {"instances": []}, 400, "bad_request"),
        ("/v1/models/tiny:predict", "POST", {"instances": GOOD}, 400, "bad_request"),
        ("/v1/models/tiny:predict", "POST", {"instances": [[1, 2]]}, 400, "invalid_records"),
    ],
)
def test_a_refusal_has_the_right_status_and_a_stable_code(models, path, method, body, status, code):
    found, reply, _ = ask(models, body, path, method)
    assert (found, reply["code"]) == (status, code)
    assert reply["remedy"]
    assert reply["request_id"] == "req-1"


def test_the_status_names_the_version_in_tensorflow_servings_words(models):
    status, body, _ = ask(models, b"", "/v1/models/tiny", "GET")
    assert status == 200
    assert body["model_version_status"][0]["version"] == "2"
    assert body["model_version_status"][0]["state"] == "AVAILABLE"


@pytest.mark.law
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_makes_a_fault(body):
    status, reply, _ = ask(MODELS, body)
    assert 400 <= status < 500
    assert reply["code"] in ("bad_request", "invalid_records")


MODELS = models_of("multiclass")


def test_a_model_that_answers_without_a_number_is_a_fault_and_no_answer(monkeypatch):
    models = models_of("multiclass")
    package = models.current("tiny", 1_700_000_000.0)
    nowhere = np.full((1, 3), np.nan, dtype=np.float32)
    monkeypatch.setattr(type(package.model), "run", lambda _model, _matrix: nowhere)
    with pytest.raises(ArithmeticError, match="not finite"):
        ask(models, {"instances": [GOOD]})
