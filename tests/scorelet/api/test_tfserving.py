"""TensorFlow Serving's REST API: what its clients send is understood, and answered in its shapes."""

import base64

import pytest

from tests.fakes.api import GOOD, ask_json
from tests.fakes.package import tiny_records

RECORDS = tiny_records(6)
NAMES = list(RECORDS[0])
PREDICT = "/v1/models/tiny:predict"


def predictions(body, path=PREDICT):
    status, answer = ask_json(path, body)
    assert status == 200, answer
    return answer["predictions"]


def columns_of(records):
    return {name: [record[name] for record in records] for name in NAMES}


def test_every_way_to_send_the_same_rows_gives_the_same_answer():
    wanted = predictions({"instances": RECORDS})
    backwards = [dict(reversed(record.items())) for record in RECORDS]
    assert predictions({"instances": backwards}) == wanted
    assert predictions({"instances": [list(record.values()) for record in RECORDS]}) == wanted
    assert predictions({"instances": [{k: [v] for k, v in record.items()} for record in RECORDS]}) == wanted
    status, answer = ask_json(PREDICT, {"inputs": columns_of(RECORDS)})
    assert status == 200
    assert answer["outputs"]["label"] == [p["label"] for p in wanted]
    assert answer["outputs"]["score"] == [p["score"] for p in wanted]
    assert answer["outputs"]["probabilities"] == [list(p["probabilities"].values()) for p in wanted]
    shaped = {name: [[cell] for cell in cells] for name, cells in columns_of(RECORDS).items()}
    assert ask_json(PREDICT, {"inputs": shaped}) == (status, answer)
    assert ask_json(PREDICT, {"inputs": [list(record.values()) for record in RECORDS]}) == (status, answer)


def test_text_in_base64_is_read_as_tensorflow_serving_reads_it():
    coded = {**GOOD, "colour": {"b64": base64.b64encode(str(GOOD["colour"]).encode()).decode()}}
    assert predictions({"instances": [coded]}) == predictions({"instances": [GOOD]})


def test_plain_lists_come_back_for_the_signature_named_after_the_output():
    (named,) = predictions({"instances": [GOOD]})
    (plain,) = predictions({"instances": [GOOD], "signature_name": "probabilities"})
    assert plain == list(named["probabilities"].values())
    (value,) = predictions({"instances": [GOOD], "signature_name": "value"}, "/v1/models/regression:predict")
    assert value == predictions({"instances": [GOOD]}, "/v1/models/regression:predict")[0]["value"]


def test_classify_gives_every_label_with_its_probability():
    status, answer = ask_json("/v1/models/tiny:classify", {"context": {"colour": "red"}, "examples": RECORDS[:2]})
    wanted = predictions({"instances": RECORDS[:2]})
    assert status == 200
    assert answer["results"] == [[list(pair) for pair in p["probabilities"].items()] for p in wanted]


def test_the_context_fills_in_what_examples_leave_out():
    amountless = {name: value for name, value in GOOD.items() if name != "amount"}
    body = {"context": {"amount": 5.0}, "examples": [amountless, {**amountless, "amount": 900.0}]}
    _, answer = ask_json("/v1/models/regression:regress", body)
    wanted = predictions({"instances": [{**GOOD, "amount": a} for a in (5.0, 900.0)]}, "/v1/models/regression:predict")
    assert answer["results"] == [p["value"] for p in wanted]


@pytest.mark.parametrize(("path", "verb"), [("tiny:regress", ":classify"), ("regression:classify", ":regress")])
def test_the_verb_of_another_task_is_refused_with_the_right_one(path, verb):
    status, answer = ask_json(f"/v1/models/{path}", {"examples": [GOOD]})
    assert status == 400
    assert verb in answer["remedy"]


def test_metadata_describes_each_feature_and_output():
    status, answer = ask_json("/v1/models/tiny/versions/1/metadata", method="GET")
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert status == 200
    assert answer["model_spec"] == {"name": "tiny", "signature_name": "", "version": "1"}
    dtypes = {name: entry["dtype"] for name, entry in signature["inputs"].items()}
    assert dtypes == {"amount": "DT_FLOAT", "age": "DT_INT64", "member": "DT_BOOL", "colour": "DT_STRING"}
    assert [d["size"] for d in signature["outputs"]["probabilities"]["tensor_shape"]["dim"]] == ["-1", "3"]


def test_with_on_error_row_a_bad_row_is_refused_and_its_neighbours_are_answered():
    rows = [RECORDS[0], {**RECORDS[1], "amount": "12"}, {**RECORDS[2], "extra": 1}, RECORDS[3]]
    found = predictions({"instances": rows, "parameters": {"on_error": "row"}})
    wanted = predictions({"instances": [RECORDS[0], RECORDS[3]]})
    assert [found[0], found[3]] == wanted
    assert [p["problems"][0]["pointer"] for p in found[1:3]] == ["/instances/1/amount", "/instances/2/extra"]
    columns = columns_of([RECORDS[0], {**RECORDS[1], "amount": "12"}])
    _, answer = ask_json(PREDICT, {"inputs": columns, "parameters": {"on_error": "row"}})
    assert answer["outputs"]["label"] == [wanted[0]["label"], None]
    assert answer["errors"][0]["problems"][0]["pointer"] == "/inputs/amount/1"


def test_when_every_row_is_bad_and_refused_alone_there_are_no_answers():
    found = predictions({"instances": [{}], "parameters": {"on_error": "row"}})
    assert [p["code"] for p in found[0]["problems"]] == ["missing_value"] * 4


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"instances": [list(GOOD.values())[:3]]}, "/instances/0", "wrong_width"),
        ({"instances": [["x", 1, True, "red"]]}, "/instances/0/0", "wrong_type"),
        ({"inputs": {**columns_of([GOOD]), "more": [1]}}, "/inputs/more", "unknown_field"),
        ({"inputs": {"amount": [1.0]}}, "/inputs/age/0", "missing_value"),
        ({"instances": [{**GOOD, "age": 2**53 + 1}]}, "/instances/0/age", "out_of_range"),
        ({"instances": [{**GOOD, "age": 10**400}]}, "/instances/0/age", "out_of_range"),
        ({"instances": [{**GOOD, "amount": 10**400}]}, "/instances/0/amount", "out_of_range"),
        ({"instances": [{**GOOD, "amount": [1, 2]}]}, "/instances/0/amount", "wrong_type"),
        ({"instances": [{**GOOD, "colour": {"b64": "%"}}]}, "/instances/0/colour", "wrong_type"),
        ({"instances": [{**GOOD, "member": 1}]}, "/instances/0/member", "wrong_type"),
        ({"instances": [{**GOOD, "amount": True}]}, "/instances/0/amount", "wrong_type"),
        ({"instances": [{**GOOD, "amount": None}]}, "/instances/0/amount", "null_value"),
    ],
)
def test_a_problem_is_named_where_it_stands(body, pointer, code):
    status, answer = ask_json(PREDICT, body)
    assert status == 400
    assert [(p["pointer"], p["code"]) for p in answer["problems"]][:1] == [(pointer, code)]


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [GOOD], "inputs": columns_of([GOOD])},
        {"instances": [GOOD, list(GOOD.values())]},
        {"instances": [1]},
        {"instances": [None]},
        {"inputs": {}},
        {"inputs": {"amount": 1}},
        {"inputs": {"amount": [1], "age": [1, 2]}},
        {"inputs": 3},
        {"instances": [GOOD], "signature_name": "other"},
        {"instances": [GOOD], "parameters": 1},
        {"instances": [GOOD], "parameters": {"on_error": "maybe"}},
    ],
)
def test_what_is_no_request_is_a_bad_request(body):
    status, answer = ask_json(PREDICT, body)
    assert (status, answer["code"]) == (400, "bad_request")


def test_half_a_surrogate_pair_in_a_name_is_no_trouble():
    status, answer = ask_json(PREDICT, b'{"instances": [{"\\ud800": 1}]}')
    assert status == 400
    assert answer["problems"][-1]["feature"] == "?"
