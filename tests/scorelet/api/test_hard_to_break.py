"""Whatever is sent, the answer is a whole one: no fault, JSON or the type asked for, never a value in a log."""

import base64
import gzip
import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.predict import app
from tests.fakes.api import GOOD, all_models
from tests.laws import full_or

CONTEXT = SimpleNamespace(aws_request_id="lambda-1")
SECRET = "zq-secret-9.87654321"

NUMBERS = st.integers() | st.floats() | st.sampled_from([2**53 + 1, -(10**400), 1e308, -0.0, 5e-324, True, None, ""])
TEXTS = st.text(max_size=8) | st.sampled_from(["red", SECRET, "\ud800", "amount", "\x00", "__proto__"])
VALUES = st.recursive(
    NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
RECORDS = (
    st.fixed_dictionaries({}, optional=dict.fromkeys([*GOOD, "\ud800", "é"], VALUES))
    | st.fixed_dictionaries({name: st.just(value) | VALUES for name, value in GOOD.items()})
    | st.just(GOOD)
    | VALUES
)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "on_error": st.sampled_from(["row", "refuse", SECRET]) | VALUES,
        "explain": st.booleans() | VALUES,
        "entity_id": VALUES,
        "binary_data_output": st.booleans() | VALUES,
    },
)
TENSORS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from([*GOOD, "x"]) | TEXTS,
        "datatype": st.sampled_from(["FP32", "FP64", "INT64", "BOOL", "BYTES", "UINT8"]) | TEXTS,
        "shape": st.lists(st.integers(-1, 5), max_size=3) | VALUES,
        "data": st.lists(NUMBERS | TEXTS, max_size=5) | VALUES,
        "parameters": st.fixed_dictionaries({}, optional={"binary_data_size": st.integers(-1, 20) | VALUES}) | VALUES,
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "instances": st.lists(RECORDS, max_size=3) | VALUES,
        "inputs": st.lists(TENSORS, max_size=5) | st.dictionaries(TEXTS | st.sampled_from(list(GOOD)), VALUES) | VALUES,
        "examples": st.lists(RECORDS, max_size=3) | VALUES,
        "context": RECORDS,
        "outputs": st.lists(st.fixed_dictionaries({}, optional={"name": TEXTS, "parameters": PARAMETERS | VALUES})),
        "signature_name": st.sampled_from(["", "serving_default", "probabilities"]) | VALUES,
        "parameters": PARAMETERS | VALUES,
        "id": TEXTS | VALUES,
    },
)
BODIES = st.binary(max_size=60) | (DOCUMENTS | VALUES | st.lists(RECORDS, max_size=3)).map(
    lambda document: json.dumps(document).encode()
)
PATHS = st.sampled_from(
    [
        f"/v1/models/{model}{verb}"
        for model in ("tiny", "binary", "regression", "tiny/versions/1", "tiny/labels/old", "nobody")
        for verb in (":predict", ":classify", ":regress", ":explain", "", "/metadata")
    ]
    + [
        "/v2/models/tiny/infer",
        "/v2/models/regression/versions/2/infer",
        "/invocations",
        "/endpoints/binary/invocations",
    ]
    + ["/openapi.json", "/docs", "/v2", "/v2/health/ready", "/ping", "/v1/models/../x:predict", "/"]
) | st.text(max_size=20).map(lambda text: "/" + text)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(
            ["application/json", "text/csv", "application/jsonlines", "text/csv; header=present"]
        )
        | TEXTS,
        "accept": st.sampled_from(["*/*", "text/csv", "application/jsonlines", "application/json;q=0"]) | TEXTS,
        "content-encoding": st.sampled_from(["gzip", "deflate", "br", ""]),
        "accept-encoding": st.just("gzip"),
        "inference-header-content-length": st.integers(-1, 300).map(str) | TEXTS,
        "x-amzn-sagemaker-custom-attributes": st.sampled_from(["on_error=row", "explain=true", "model=tiny", "="])
        | TEXTS,
        "x-scorelet-entity-id": TEXTS,
    },
)


@st.composite
def events(draw):
    body, headers = draw(BODIES), draw(HEADERS)
    if headers.get("content-encoding") == "gzip" and draw(st.booleans()):
        body = gzip.compress(body)
    method = draw(st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT", "OPTIONS", "DELETE"]))
    return {
        "version": "2.0",
        "rawPath": draw(PATHS),
        "headers": headers,
        "queryStringParameters": draw(st.none() | st.dictionaries(st.just("model"), TEXTS)),
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": draw(st.sampled_from([True, True, True, False])),
        "requestContext": {"http": {"method": method}, "stage": "$default", "requestId": "r", "timeEpoch": 1},
    }


@pytest.fixture
def handler(monkeypatch):
    monkeypatch.setenv("MODEL_BUCKET", "models")
    monkeypatch.setattr(app, "_models", all_models)
    app._settings.cache_clear()
    app._options.cache_clear()
    return app.handler


@pytest.mark.law
@settings(
    max_examples=full_or(20_000, 400),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(events())
def test_no_request_makes_a_fault_and_every_answer_is_whole(handler, capsys, caplog, event):
    capsys.readouterr()
    answer = handler(event, CONTEXT)
    raw = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    if answer["headers"].get("content-encoding") == "gzip":
        raw = gzip.decompress(raw)
    kind = answer["headers"]["content-type"]
    assert 200 <= answer["statusCode"] < 500, raw[:300]
    if kind == "application/json":
        body = json.loads(raw, parse_constant=lambda name: pytest.fail(f"{name} in an answer"))
        assert answer["statusCode"] == 200 or (body["code"] and body["remedy"] and body["request_id"] == "r")
    elif kind == "application/octet-stream":
        json.loads(raw[: int(answer["headers"]["Inference-Header-Content-Length"])])
    else:
        assert kind.startswith(("text/", "application/jsonlines"))
    printed = capsys.readouterr().out
    assert SECRET not in printed + caplog.text
    assert not caplog.records
    for line in printed.splitlines():
        json.loads(line)
