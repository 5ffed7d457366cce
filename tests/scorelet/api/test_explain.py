"""Explanations over HTTP: the same reply, with reasons that add up, in every protocol."""

import json

import pytest
from scorelet import api

from tests.fakes.api import GOOD, ask, ask_json
from tests.fakes.package import tiny_records

RECORDS = tiny_records(3)
MODELS = ("tiny", "binary", "regression")


def explained(model="tiny", **more):
    status, answer = ask_json(f"/v1/models/{model}:explain", {"instances": RECORDS, **more})
    assert status == 200, answer
    return answer


def tensors():
    kinds = {"amount": "FP64", "age": "FP64", "member": "BOOL", "colour": "BYTES"}
    return [
        {"name": name, "datatype": kind, "shape": [len(RECORDS)], "data": [record[name] for record in RECORDS]}
        for name, kind in kinds.items()
    ]


@pytest.mark.parametrize("model", MODELS)
def test_the_reply_is_that_of_predict_with_reasons_that_add_up(model):
    found = explained(model)
    plain = ask_json(f"/v1/models/{model}:predict", {"instances": RECORDS})[1]
    for prediction in found["predictions"]:
        why = prediction.pop("explanation")
        output = prediction["probabilities"][prediction["label"]] if "label" in prediction else prediction["value"]
        assert why["base"] + sum(why["values"].values()) == pytest.approx(output, rel=1e-5)
        assert list(why["values"]) == list(GOOD)
        assert why["exact"] is True
    assert found == plain


def test_a_parameter_of_predict_asks_for_the_same():
    body = {"instances": RECORDS, "parameters": {"explain": True}}
    assert ask_json("/v1/models/tiny:predict", body)[1] == explained()
    assert ask_json("/v1/models/tiny:predict", {**body, "parameters": {"explain": 1}})[0] == 400


def test_refused_rows_have_no_reasons_and_the_others_keep_theirs():
    body = {"instances": [RECORDS[0], {}, RECORDS[1]], "parameters": {"on_error": "row"}}
    _, answer = ask_json("/v1/models/tiny:explain", body)
    wanted = explained()["predictions"]
    assert [answer["predictions"][0], answer["predictions"][2]] == wanted[:2]
    assert "explanation" not in answer["predictions"][1]


def test_columns_tensors_and_sagemaker_carry_the_same_reasons():
    wanted = [p["explanation"] for p in explained()["predictions"]]
    columns = {name: [record[name] for record in RECORDS] for name in GOOD}
    asked = {"parameters": {"explain": True}}
    assert ask_json("/v1/models/tiny:predict", {"inputs": columns, **asked})[1]["outputs"]["explanation"] == wanted
    outputs = {o["name"]: o for o in ask_json("/v2/models/tiny/infer", {"inputs": tensors(), **asked})[1]["outputs"]}
    assert outputs["shapley_base"]["data"] == [why["base"] for why in wanted]
    assert outputs["shapley_values"]["data"] == [x for why in wanted for x in why["values"].values()]
    assert "shapley_errors" not in outputs
    lines = "\n".join(map(json.dumps, RECORDS)).encode()
    headers = {"content_type": "application/jsonlines", "x_amzn_sagemaker_custom_attributes": "explain=true"}
    event, _ = ask("/invocations", lines, options=api.Options(default_model="tiny"), **headers)
    assert [json.loads(line)["explanation"] for line in event["body"].splitlines()] == wanted
    event, _ = ask("/invocations", lines, options=api.Options(default_model="tiny"), accept="text/csv", **headers)
    assert event["statusCode"] == 406


def test_what_the_time_budget_cannot_hold_is_refused_in_every_protocol():
    short = api.Options(default_model="tiny", explain_seconds=0.0002)  # one row of 16 coalitions on 16 background rows
    asked = {"parameters": {"explain": True}}
    for path, field, entries in (
        ("/v1/models/tiny:explain", "instances", RECORDS),
        ("/v1/models/tiny:classify", "examples", RECORDS),
        ("/invocations", "instances", RECORDS),
        ("/v2/models/tiny/infer", "inputs", tensors()),
    ):
        status, answer = ask_json(path, {field: entries, **asked}, options=short)
        assert (status, answer["code"]) == (413, "body_too_large"), path
        assert "1 can be at once" in answer["error"]
