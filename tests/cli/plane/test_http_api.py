"""The HTTP API's event and answer."""

import base64
from datetime import UTC, datetime

import pytest

from cli.plane.http_api import Request, find_route, to_event, to_response
from cli.plane.runtime import Outcome
from cli.plane.template.api import Route
from cli.plane.template.names import Account

AT = datetime(2026, 1, 1, 12, 30, 45, 678000, tzinfo=UTC)


def route(path: str, method: str = "ANY") -> Route:
    return Route("api", method, path, f"{method} {path}")


def event(target: str = "/a", headers=(), body: bytes = b"", method: str = "POST"):
    request = Request(method, target, tuple(headers), body)
    return to_event(request, route("/{proxy+}"), {"proxy": "a"}, Account(), "id-1", AT)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/a", ("GET /a", {})),
        ("POST", "/a", ("ANY /{name}", {"name": "a"})),
        ("GET", "/b", ("ANY /{name}", {"name": "b"})),
        ("GET", "/b/c%20d", ("ANY /{proxy+}", {"proxy": "b/c d"})),
        ("GET", "/v1/models/iris:predict", ("ANY /{proxy+}", {"proxy": "v1/models/iris:predict"})),
        ("POST", "/v1/x", ("POST /v1/{x}", {"x": "x"})),
        ("GET", "/", ("ANY $default", {})),
    ],
)
def test_the_most_specific_route_wins(method, path, expected):
    routes = [route("$default"), route("/{proxy+}"), route("/{name}"), route("/a", "GET"), route("/v1/{x}", "POST")]
    found = find_route(routes, method, path)
    assert found is not None
    assert (found[0].function_name, found[1]) == expected


def test_no_route_is_no_answer():
    assert find_route([route("/a", "GET")], "POST", "/a") is None


def test_the_event_has_the_shape_of_version_two():
    got = event("/v1/a%20b?x=1&x=2&y=a%20b", [("Content-Type", "application/json"), ("X-A", "1"), ("x-a", "2")], b"{}")
    assert got["rawPath"] == "/v1/a b"
    assert got["rawQueryString"] == "x=1&x=2&y=a%20b"
    assert got["queryStringParameters"] == {"x": "1,2", "y": "a b"}
    assert got["headers"]["x-a"] == "1,2"
    assert (got["body"], got["isBase64Encoded"]) == ("{}", False)
    assert got["requestContext"]["http"]["method"] == "POST"
    assert got["requestContext"]["requestId"] == "id-1"
    assert got["requestContext"]["time"] == "01/Jan/2026:12:30:45 +0000"
    assert got["requestContext"]["timeEpoch"] == 1767270645678


def test_cookies_stand_apart_and_an_empty_body_is_absent():
    got = event(headers=[("Cookie", "a=1; b=2")], method="GET")
    assert got["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in got["headers"]
    assert "body" not in got


@pytest.mark.parametrize(
    ("content_type", "body", "is_binary"),
    [
        ("application/json; charset=utf-8", b"{}", False),
        ("text/csv", b"a", False),
        ("application/problem+json", b"{}", False),
        ("", b"a", False),
        ("application/octet-stream", b"a", True),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("application/json", b"\xff\xfe", True),
        ("", b"\xff", True),
    ],
)
def test_a_body_that_is_not_text_is_base64(content_type, body, is_binary):
    got = event(headers=[("content-type", content_type)] if content_type else [], body=body)
    assert got["isBase64Encoded"] is is_binary
    assert got["body"] == (base64.b64encode(body).decode() if is_binary else body.decode())


def answer(payload, error=None):
    return to_response(Outcome("id", payload, error))


def test_an_answer_becomes_a_response():
    got = answer({"statusCode": 201, "headers": {"X-A": 1}, "body": "é", "cookies": ["a=1"]})
    assert (got.status, got.headers["x-a"], got.body, got.cookies) == (201, "1", "é".encode(), ("a=1",))


def test_a_binary_answer_is_decoded():
    assert answer({"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}).body == b"\x00\x01"


@pytest.mark.parametrize("payload", [{"a": 1}, [1], "text", None])
def test_json_without_a_status_is_the_body_of_a_200(payload):
    got = answer(payload)
    assert got.status == 200
    assert got.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "payload",
    [
        {"statusCode": "abc"},
        {"statusCode": None},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "body": "not base64!", "isBase64Encoded": True},
    ],
)
def test_a_malformed_answer_is_a_500(payload):
    got = answer(payload)
    assert (got.status, got.json()) == (500, {"message": "Internal Server Error"})


def test_an_error_of_the_function_is_a_500_that_tells_nothing():
    got = answer(None, {"errorMessage": "secret", "errorType": "E"})
    assert (got.status, got.text) == (500, '{"message": "Internal Server Error"}')
