"""Bodies: compressed ones are read within the limit, others than JSON are refused by type."""

import gzip
import json
import zlib

import pytest
from scorelet import api

from tests.fakes.api import GOOD, ask, ask_json
from tests.fakes.package import tiny_records

PREDICT = "/v1/models/tiny:predict"
BODY = json.dumps({"instances": [GOOD]}).encode()
SQUEEZED = gzip.compress(BODY, mtime=0)


@pytest.mark.parametrize(("encoding", "squeeze"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_body_gets_the_answer_of_the_plain_one(encoding, squeeze):
    assert ask_json(PREDICT, squeeze(BODY), content_encoding=encoding) == ask_json(PREDICT, BODY)


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = gzip.compress(b" " * 50_000_000)
    status, answer = ask_json(PREDICT, bomb, content_encoding="gzip")
    assert len(bomb) < 100_000
    assert (status, answer["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "body", [BODY, SQUEEZED[:-9], SQUEEZED + b"more", b""], ids=["plain", "cut", "longer", "empty"]
)
def test_a_body_that_is_not_compressed_as_it_says_is_refused(body):
    assert ask_json(PREDICT, body, content_encoding="gzip")[0] == 400


def test_an_unknown_encoding_or_type_is_415():
    assert ask_json(PREDICT, BODY, content_encoding="br")[0] == 415
    for kind in ("text/csv", "multipart/form-data; boundary=x", "application/x-protobuf"):
        assert ask_json(PREDICT, BODY, content_type=kind)[1]["code"] == "unsupported_media_type"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain", "application/vnd.api+json", ""])
def test_what_clients_call_json_is_read(kind):
    assert ask_json(PREDICT, BODY, content_type=kind)[0] == 200


def test_a_method_that_does_not_go_names_those_that_do():
    event, _ = ask(PREDICT, method="PUT")
    assert (event["statusCode"], event["headers"]["allow"]) == (405, "POST")


def test_an_opaque_server_says_nothing_of_the_schema():
    body = {"instances": [{**GOOD, "amount": "12", "secret": 1}]}
    status, answer = ask_json(PREDICT, body, options=api.Options(opaque=True))
    assert (status, answer["code"], answer["request_id"]) == (400, "invalid_records", "req-1")
    told = json.dumps(answer)
    assert not [word for word in (*GOOD, "tiny", "secret", "12") if word in told]
    assert ask_json("/v1/models/tiny/metadata", method="GET", options=api.Options(opaque=True))[0] == 404
    assert ask_json(PREDICT, {"instances": tiny_records(1)}, options=api.Options(opaque=True))[0] == 200
