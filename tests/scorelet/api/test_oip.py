"""The Open Inference Protocol: tensors by feature or as one, JSON or binary, give the answer of :predict."""

import base64
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.api import GOOD, ask, ask_json
from tests.fakes.package import tiny_records

RECORDS = [record for record in tiny_records(12) if record["age"] is not None][:6]
INFER = "/v2/models/tiny/infer"
DATATYPES = {"amount": "FP64", "age": "INT32", "member": "BOOL", "colour": "BYTES"}


def tensors(records, shape=lambda n: [n]):
    return [
        {"name": name, "datatype": kind, "shape": shape(len(records)), "data": [record[name] for record in records]}
        for name, kind in DATATYPES.items()
    ]


def predicted(records):
    return ask_json("/v1/models/tiny:predict", {"instances": records})[1]["predictions"]


def outputs(body, path=INFER, **headers):
    status, answer = ask_json(path, body, **headers)
    assert status == 200, answer
    return {output["name"]: output for output in answer["outputs"]}


def assert_is(found, records=RECORDS):
    wanted = predicted(records)
    assert found["label"]["data"] == [p["label"] for p in wanted]
    assert found["score"]["data"] == [p["score"] for p in wanted]
    assert found["probabilities"]["data"] == [x for p in wanted for x in p["probabilities"].values()]
    assert found["probabilities"]["shape"] == [len(records), 3]


def test_one_tensor_per_feature_gives_the_answer_of_predict():
    assert_is(outputs({"inputs": tensors(RECORDS)}))
    assert_is(outputs({"inputs": tensors(RECORDS, lambda n: [n, 1])[::-1]}))


def test_id_version_and_identity_come_back():
    _, answer = ask_json("/v2/models/tiny/versions/1/infer", {"id": "mine", "inputs": tensors(RECORDS)})
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("mine", "tiny", "1")
    assert answer["parameters"]["prediction_id"] == "req-1"
    assert ask_json("/v2/models/tiny/versions/old/infer", {"inputs": tensors(RECORDS)})[1]["model_version"] == "1"


def test_one_tensor_of_numbers_is_read_in_the_signatures_order_and_a_category_must_be_named():
    status, answer = ask_json(
        INFER, {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 1, 0]}]}
    )
    assert status == 400
    assert [(p["feature"], p["pointer"]) for p in answer["problems"]] == [("colour", "/inputs/0/data/3")]


def test_nested_data_are_read_as_flat_ones():
    nested = {"name": "x", "datatype": "FP32", "shape": [2, 4], "data": [[1, 2, 0, 3], [1, 2, 3, "red"]]}
    _, answer = ask_json(INFER, {"inputs": [nested]})
    found = [(p["feature"], p["pointer"], p["code"]) for p in answer["problems"]]
    assert ("colour", "/inputs/0/data/3", "wrong_type") in found
    assert ("member", "/inputs/0/data/6", "wrong_type") in found


def test_only_the_outputs_asked_for_come_back():
    assert list(outputs({"inputs": tensors(RECORDS), "outputs": [{"name": "score"}]})) == ["score"]
    assert ask_json(INFER, {"inputs": tensors(RECORDS), "outputs": [{"name": "other"}]})[0] == 400


def test_the_classification_extension_gives_the_top_classes():
    asked = [{"name": "probabilities", "parameters": {"classification": 2}}]
    found = outputs({"inputs": tensors(RECORDS), "outputs": asked})["probabilities"]
    best = predicted(RECORDS)[0]
    assert (found["datatype"], found["shape"]) == ("BYTES", [len(RECORDS), 2])
    value, index, label = found["data"][0].split(":")
    assert (label, float(value)) == (best["label"], pytest.approx(best["score"], abs=1e-6))
    assert list(best["probabilities"])[int(index)] == label
    asked[0]["name"] = "label"
    assert ask_json(INFER, {"inputs": tensors(RECORDS), "outputs": asked})[0] == 400


def binary_request(records, **more):
    items = [str(record["colour"]).encode() for record in records]
    raw = {
        "amount": np.array([r["amount"] for r in records], "<f8").tobytes(),
        "age": np.array([r["age"] for r in records], "<i4").tobytes(),
        "member": np.array([r["member"] for r in records], "?").tobytes(),
        "colour": b"".join(struct.pack("<I", len(item)) + item for item in items),
    }
    inputs = tensors(records)
    for entry in inputs:
        del entry["data"]
        entry["parameters"] = {"binary_data_size": len(raw[entry["name"]])}
    head = json.dumps({"inputs": inputs, **more}).encode()
    return head + b"".join(raw.values()), str(len(head))


def test_binary_tensors_in_and_out_hold_the_answer_of_predict():
    body, length = binary_request(RECORDS, parameters={"binary_data_output": True})
    event, _ = ask(INFER, body, inference_header_content_length=length, content_type="application/octet-stream")
    assert event["isBase64Encoded"]
    raw = base64.b64decode(event["body"])
    size = int(event["headers"]["Inference-Header-Content-Length"])
    entries = {o["name"]: o for o in json.loads(raw[:size])["outputs"]}
    start = size + entries["label"]["parameters"]["binary_data_size"]
    scores = np.frombuffer(raw[start : start + entries["score"]["parameters"]["binary_data_size"]], "<f4")
    assert scores.tolist() == pytest.approx([p["score"] for p in predicted(RECORDS)], abs=1e-7)
    assert_is(outputs(binary_request(RECORDS)[0], inference_header_content_length=binary_request(RECORDS)[1]))


def test_a_null_is_null_in_json_nan_in_numbers_and_stays_refused_where_there_must_be_a_value():
    record = {**GOOD, "age": None}
    entries = tensors([record])
    assert_is(outputs({"inputs": entries}), [record])
    entries[1] = {"name": "age", "datatype": "FP64", "shape": [1], "parameters": {"binary_data_size": 8}}
    head = json.dumps({"inputs": entries}).encode()
    body = head + struct.pack("<d", float("nan"))
    assert_is(outputs(body, inference_header_content_length=str(len(head))), [record])
    entries = tensors([record])
    entries[0] = {"name": "amount", "datatype": "FP64", "shape": [1], "parameters": {"binary_data_size": 8}}
    head = json.dumps({"inputs": entries}).encode()
    status, answer = ask_json(
        INFER, head + struct.pack("<d", float("nan")), inference_header_content_length=str(len(head))
    )
    assert (status, answer["problems"][0]["code"]) == (400, "not_finite")


def test_with_on_error_row_refused_rows_are_empty_and_explained_in_the_output_error():
    records = [RECORDS[0], {**RECORDS[1], "amount": 5000.0}, RECORDS[2]]
    found = outputs({"inputs": tensors(records), "parameters": {"on_error": "row"}})
    wanted = predicted([RECORDS[0], RECORDS[2]])
    assert found["label"]["data"] == [wanted[0]["label"], "", wanted[1]["label"]]
    assert found["score"]["data"][1] is None
    assert found["probabilities"]["data"][3:6] == [None] * 3
    assert json.loads(found["error"]["data"][1])["problems"][0]["code"] == "out_of_range"


def test_metadata_health_and_the_server_are_described():
    assert ask_json("/v2", method="GET")[1]["extensions"] == ["classification", "binary_tensor_data", "parameters"]
    assert ask_json("/v2/health/live", method="GET") == (200, {"live": True})
    assert ask_json("/v2/health/ready", method="GET") == (200, {"ready": True})
    assert ask_json("/v2/models/tiny/ready", method="GET") == (200, {"name": "tiny", "ready": True})
    assert ask_json("/v2/models/nobody/ready", method="GET")[0] == 404
    _, about = ask_json("/v2/models/regression", method="GET")
    assert about["inputs"][3] == {"name": "colour", "datatype": "BYTES", "shape": [-1]}
    assert about["outputs"] == [{"name": "value", "datatype": "FP32", "shape": [-1]}]


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": []},
        {"inputs": 1},
        {"inputs": [1]},
        {"id": 3},
        {"inputs": [{"name": "amount", "datatype": "FP128", "shape": [1], "data": [1]}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [2], "data": [1]}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [1, 1, 1], "data": [1]}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [-1], "data": [1]}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [10**30], "data": [1]}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [0], "data": []}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [1]}]},
        {"inputs": [{"name": "amount", "datatype": "INT8", "shape": [1], "data": [1.5]}]},
        {"inputs": [{"name": "x", "datatype": "FP32", "shape": [3], "data": [1, 2, 3]}]},
        {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3]]}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": 4}}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": -4}}]},
        {"inputs": [{"name": "amount", "datatype": "FP32", "shape": [1], "parameters": 3}]},
        {"inputs": [*tensors(RECORDS), *tensors(RECORDS)]},
        {"inputs": [*tensors(RECORDS[:1]), *tensors(RECORDS)[1:]]},
        {"outputs": [{"name": "score"}, {"name": "score"}]},
        {"outputs": [{"name": {}}]},
        {"outputs": 3},
        {"outputs": [{"name": "score", "parameters": {"binary_data": 1}}]},
        {"outputs": [{"name": "probabilities", "parameters": {"classification": -1}}]},
        {"parameters": []},
    ],
)
def test_what_is_no_request_is_refused(change):
    status, answer = ask_json(INFER, {"inputs": tensors(RECORDS), **change})
    assert status == 400
    assert answer["remedy"]


@given(st.binary(max_size=60), st.integers(-2, 400).map(str) | st.text(max_size=4))
def test_no_binary_tail_makes_a_fault(tail, length):
    body, _ = binary_request(RECORDS)
    status, _ = ask_json(INFER, body[:200] + tail, inference_header_content_length=length)
    assert status == 400
