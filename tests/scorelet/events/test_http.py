"""Requests of both kinds of API become the same HttpRequest."""

import base64
import json

import pytest
from scorelet.errors import BadRequest, EventError
from scorelet.events.http import HttpReply, http_request

V2 = {
    "version": "2.0",
    "rawPath": "/v1/models/iris%3Apredict",
    "headers": {"Content-Type": "application/json"},
    "body": '{"instances": []}',
    "isBase64Encoded": False,
    "requestContext": {
        "http": {"method": "POST"},
        "stage": "$default",
        "requestId": "r1",
        "timeEpoch": 1_700_000_000_123,
    },
}
V1 = {
    "httpMethod": "POST",
    "path": "/v1/models/iris:predict",
    "headers": {"content-type": "application/json"},
    "body": '{"instances": []}',
    "isBase64Encoded": False,
    "requestContext": {"requestId": "r1", "requestTimeEpoch": 1_700_000_000_123},
}


def test_both_shapes_say_the_same():
    assert http_request(V2) == http_request(V1)
    assert http_request(V2).path == "/v1/models/iris:predict"
    assert http_request(V2).time_ms == 1_700_000_000_123


def test_a_stage_in_the_path_is_taken_off():
    context = {**V2["requestContext"], "stage": "prod"}
    assert http_request({**V2, "rawPath": "/prod/ping", "requestContext": context}).path == "/ping"


def test_a_base64_body_is_decoded():
    body = base64.b64encode(b"\x00\xff").decode()
    assert http_request({**V2, "body": body, "isBase64Encoded": True}).body == b"\x00\xff"


def test_a_body_that_is_not_the_base64_it_claims_to_be_is_the_callers_mistake():
    with pytest.raises(BadRequest, match="base64"):
        http_request({**V2, "body": "%%%", "isBase64Encoded": True})


def test_an_absent_body_and_absent_headers_are_empty():
    request = http_request({**V2, "body": None, "headers": None})
    assert (request.body, request.headers) == (b"", {})


@pytest.mark.parametrize("event", [{}, {"requestContext": {}}, {"Records": []}, {"requestContext": "x"}])
def test_another_events_shape_is_refused(event):
    with pytest.raises(EventError):
        http_request(event)


def test_a_reply_is_json_and_can_hold_no_nan():
    event = HttpReply(200, {"label": "café"}).to_event()
    assert json.loads(event["body"]) == {"label": "café"}
    assert HttpReply(200, {"score": float("nan")}).to_event()["body"] == '{"score":null}'
