"""The running stack, over real HTTP."""

import json
import threading
import urllib.error
import urllib.request

import pytest

from cli.plane.clock import RunningClock
from cli.plane.serve import serve
from cli.plane.stack import LocalStack

from .conftest import TOY


@pytest.fixture
def served():
    with serve(LocalStack(TOY, clock=RunningClock(), stack_name="toy"), api_port=0) as one:
        yield one
        assert one.faults == []


def ask(url: str, body: bytes | None = None, **headers: str):
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  # the stack's own address
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # as above
        return answer.status, dict(answer.headers), json.load(answer)


def test_the_api_answers_over_http(served):
    status, headers, body = ask(f"{served.api_url}/v1/a%20b?x=1", b'{"n": 1}', **{"Content-Type": "application/json"})
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert body["event"]["rawPath"] == "/v1/a b"
    assert body["event"]["rawQueryString"] == "x=1"
    assert body["event"]["headers"]["content-type"] == "application/json"
    assert body["event"]["body"] == '{"n": 1}'


def test_an_error_is_a_500_over_http(served):
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(f"{served.api_url}/boom")
    assert caught.value.code == 500
    assert json.load(caught.value) == {"message": "Internal Server Error"}
    caught.value.close()


def test_a_dropped_file_is_handled_in_the_background(served):
    stack, handled = served.stack, threading.Event()
    stack.tap.after.append(lambda call: handled.set() if call.key.startswith("receipts/") else None)
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key="incoming/a.csv", Body=b"1")
    assert handled.wait(30)


def test_a_stack_whose_clock_stands_still_is_not_served(stack):
    with pytest.raises(ValueError, match="RunningClock"):
        serve(stack, api_port=0)
