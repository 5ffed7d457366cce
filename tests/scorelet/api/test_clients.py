"""Unmodified clients of each protocol against the local stack of template.yaml, over HTTP."""

import gzip
import json
import urllib.request

import boto3
import numpy as np
import pytest

from tests.fakes.package import tiny_records
from tests.fakes.served import served_stack

tritonhttp = pytest.importorskip("tritonclient.http", reason="tritonclient is not installed: make setup")

RECORDS = [record for record in tiny_records(8) if record["age"] is not None][:5]


@pytest.fixture(scope="module")
def url():
    with served_stack() as address:
        yield address


def post(url, path, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url + path, raw, named, method="POST")  # noqa: S310 - the local stack's address
    with urllib.request.urlopen(request) as reply:  # noqa: S310 - the same
        return reply.read()


@pytest.fixture(scope="module")
def wanted(url):
    return json.loads(post(url, "/v1/models/tiny:predict", {"instances": RECORDS}))["predictions"]


@pytest.fixture
def triton(url):
    client = tritonhttp.InferenceServerClient(url.removeprefix("http://"))
    yield client
    client.close()


def infer_inputs(binary):
    kinds = {"amount": ("FP32", np.float32), "age": ("INT64", np.int64), "member": ("BOOL", np.bool_)}
    columns = {name: (kind, np.array([r[name] for r in RECORDS], dtype)) for name, (kind, dtype) in kinds.items()}
    columns["colour"] = ("BYTES", np.array([r["colour"] for r in RECORDS], dtype=object))
    inputs = []
    for name, (kind, values) in columns.items():
        entry = tritonhttp.InferInput(name, list(values.shape), kind)
        entry.set_data_from_numpy(values, binary_data=binary)
        inputs.append(entry)
    return inputs


def test_tritonclient_sees_a_live_ready_server_and_the_models_tensors(triton):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("tiny")
    assert triton.is_model_ready("tiny", "1")
    assert not triton.is_model_ready("nobody")
    assert triton.get_server_metadata()["name"] == "scorelet"
    assert [entry["datatype"] for entry in triton.get_model_metadata("tiny")["inputs"]] == [
        "FP32",
        "INT64",
        "BOOL",
        "BYTES",
    ]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("squeezed", [None, "gzip", "deflate"])
def test_tritonclient_gets_the_answers_of_predict(triton, wanted, binary, squeezed):
    result = triton.infer("tiny", infer_inputs(binary), request_id="mine", request_compression_algorithm=squeezed)
    assert result.get_response()["id"] == "mine"
    assert [text.decode() for text in result.as_numpy("label")] == [p["label"] for p in wanted]
    assert result.as_numpy("score").tolist() == pytest.approx([p["score"] for p in wanted], abs=1e-6)
    assert result.as_numpy("probabilities").shape == (len(RECORDS), 3)


@pytest.mark.parametrize("binary", [True, False])
def test_tritonclient_gets_the_top_classes(triton, wanted, binary):
    asked = [tritonhttp.InferRequestedOutput("probabilities", binary_data=binary, class_count=1)]
    result = triton.infer("tiny", infer_inputs(True), outputs=asked).as_numpy("probabilities")
    texts = [text.decode() if isinstance(text, bytes) else text for text in result[:, 0]]
    assert [text.split(":")[2] for text in texts] == [p["label"] for p in wanted]


def test_tritonclient_reads_our_refusal(triton):
    inputs = infer_inputs(True)
    inputs[0].set_data_from_numpy(np.full(len(RECORDS), 5000, np.float32))
    with pytest.raises(tritonhttp.InferenceServerException, match="/inputs/0/data/0: the number is out of range"):
        triton.infer("tiny", inputs)


def test_boto3s_sagemaker_client_gets_the_answers_of_predict(url, wanted):
    session = boto3.session.Session("local", "local", region_name="us-east-1")
    client = session.client("sagemaker-runtime", endpoint_url=url)
    lines = "\n".join(json.dumps(record) for record in RECORDS)
    answer = client.invoke_endpoint(EndpointName="tiny", Body=lines, ContentType="application/jsonlines")
    assert [json.loads(line) for line in answer["Body"].read().splitlines()] == wanted
    assert answer["InvokedProductionVariant"] == "version-1"
    rows = "\n".join(
        f'{r["amount"]},{r["age"]},{r["member"]},"{r["colour"]}"'.replace('"navy"', '""navy""') for r in RECORDS
    )
    answer = client.invoke_endpoint(EndpointName="tiny", Body=rows, ContentType="text/csv", Accept="application/json")
    assert json.loads(answer["Body"].read())["predictions"] == wanted


def test_the_sagemaker_container_paths_use_the_default_model(url, wanted):
    assert json.loads(post(url, "/invocations", RECORDS, content_type="application/json"))["predictions"] == wanted
    with urllib.request.urlopen(url + "/ping") as reply:  # noqa: S310 - the local stack's address
        assert reply.status == 200


def test_a_tensorflow_serving_request_as_its_guide_writes_it(url, wanted):
    """`curl -d '{"instances": ...}' -X POST`: the body is JSON, and curl calls it a form."""
    body = {"signature_name": "serving_default", "instances": [list(record.values()) for record in RECORDS]}
    answer = json.loads(post(url, "/v1/models/tiny:predict", body, content_type="application/x-www-form-urlencoded"))
    assert answer["predictions"] == wanted


def test_a_compressed_body_passes_the_gateway(url, wanted):
    body = gzip.compress(json.dumps({"instances": RECORDS}).encode())
    answer = json.loads(
        post(url, "/v1/models/tiny:predict", body, content_encoding="gzip", content_type="application/json")
    )
    assert answer["predictions"] == wanted
