"""The server's description of itself: valid, true of the signature, and its examples get answers."""

import json

import pytest
from openapi_spec_validator import validate
from scorelet import api
from scorelet.api.openapi import feature_schema
from scorelet.events.http import HttpRequest
from scorelet.signature import Feature

from tests.fakes.api import all_models, ask, ask_json

MODELS = ("tiny", "binary", "regression")


def described(model):
    request = api.Options(default_model=model)
    return ask_json("/openapi.json", method="GET", options=request)


@pytest.mark.parametrize("model", MODELS)
def test_the_document_is_valid_openapi(model):
    status, document = described(model)
    assert status == 200
    validate(document)


@pytest.mark.parametrize("model", MODELS)
def test_every_example_gets_an_answer(model):
    _, document = described(model)
    posts = {path: methods["post"] for path, methods in document["paths"].items() if "post" in methods}
    assert len(posts) == 4
    for path, post in posts.items():
        example = post["requestBody"]["content"]["application/json"]["example"]
        status, answer = ask_json(path, example, options=api.Options(default_model=model))
        assert status == 200, answer


@pytest.mark.parametrize("model", MODELS)
def test_every_path_without_a_body_answers(model):
    _, document = described(model)
    for path, methods in document["paths"].items():
        if "get" in methods:
            assert ask_json(path, method="GET", options=api.Options(default_model=model))[0] == 200


def test_the_record_is_described_by_the_signature():
    _, document = described("tiny")
    record = document["components"]["schemas"]["Record"]
    assert record["additionalProperties"] is False
    assert record["properties"]["age"] == {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": 130,
        "description": "a whole number from 0 to 130, or null",
    }
    assert record["properties"]["colour"]["enum"][0] == "red"
    assert feature_schema(Feature("f", "bool", nullable=True, imputation=True))["type"] == ["boolean", "null"]


def test_without_a_default_model_the_query_names_one():
    assert ask_json("/openapi.json", method="GET")[0] == 400
    request = HttpRequest("GET", "/openapi.json", {}, b"", "r", 0, {"model": "binary"})
    reply = api.respond(request, all_models(), api.Options()).reply
    assert reply.status == 200
    assert "binary" in json.dumps(reply.body)


def test_an_opaque_server_describes_nothing():
    for path in ("/openapi.json", "/docs", "/v2/models/tiny"):
        assert ask_json(path, method="GET", options=api.Options(default_model="tiny", opaque=True))[0] == 404


def test_the_page_loads_nothing_from_elsewhere():
    event, _ = ask("/docs", method="GET")
    assert event["headers"]["content-type"].startswith("text/html")
    assert "default-src 'none'" in event["headers"]["content-security-policy"]
    assert "http://" not in event["body"]
    assert "https://" not in event["body"]
    assert "innerHTML" not in event["body"]
