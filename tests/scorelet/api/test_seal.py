"""Replies: long ones are squeezed for those who accept it, and none is longer than Lambda lets out."""

import base64
import gzip
import json

from scorelet import api
from scorelet.api.seal import MOST_BYTES

from tests.fakes.api import ask
from tests.fakes.package import tiny_records

PREDICT = "/v1/models/tiny:predict"
WIDE = api.Options(max_body_bytes=10_000_000)


def test_a_long_answer_is_squeezed_for_who_accepts_it_and_is_the_same():
    body = {"instances": tiny_records(2000)}
    plain, _ = ask(PREDICT, body, options=WIDE)
    squeezed, _ = ask(PREDICT, body, options=WIDE, accept_encoding="gzip, br")
    assert squeezed["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(squeezed["body"])).decode() == plain["body"]
    assert len(squeezed["body"]) < len(plain["body"]) / 2


def test_a_short_answer_is_left_as_it_is():
    event, _ = ask(PREDICT, {"instances": tiny_records(1)}, accept_encoding="gzip")
    assert "content-encoding" not in event["headers"]


def test_an_answer_that_could_not_leave_is_413_and_is_not_recorded():
    event, answered = ask(PREDICT, {"instances": [list(r.values()) for r in tiny_records(50_000)]}, options=WIDE)
    assert event["statusCode"] == 413
    assert json.loads(event["body"])["code"] == "body_too_large"
    assert answered.predictions is None


def test_no_answer_is_longer_on_the_wire_than_the_limit():
    event, _ = ask(PREDICT, {"instances": tiny_records(30_000)}, options=WIDE)
    assert event["statusCode"] == 200
    assert len(json.dumps(event, ensure_ascii=False).encode()) < MOST_BYTES * 1.01
