"""SageMaker's container protocol: CSV, JSON and JSON lines in, and what Accept names out."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorelet import api
from scorelet.api.text_cells import column_from_text
from scorelet.features import encode
from scorelet.table import CsvTable
from scorelet.text_engine import TextEngine

from tests.fakes.api import GOOD, ask, ask_json
from tests.fakes.package import FEATURES, tiny_package, tiny_records
from tests.laws import full_or

RECORDS = tiny_records(6)
OPTIONS = api.Options(default_model="tiny")


def invoke(body, kind, accept="", path="/invocations", **headers):
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    event, _ = ask(path, raw, options=OPTIONS, content_type=kind, accept=accept, **headers)
    return event["statusCode"], event["body"], event["headers"]


def as_csv(records, header=False, names=tuple(GOOD)):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(names)
    writer.writerows([str(r[n]) if r[n] is not None else "" for n in names] for r in records)
    return out.getvalue()


def predicted(records=RECORDS):
    return ask_json("/v1/models/tiny:predict", {"instances": records})[1]["predictions"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"instances": RECORDS}, "application/json"),
        (RECORDS, "application/json"),
        ([list(r.values()) for r in RECORDS], "application/json"),
        ("\n".join(json.dumps(r) for r in RECORDS), "application/jsonlines"),
        ("\r\n".join(json.dumps(list(r.values())) for r in RECORDS) + "\n\n", "application/x-jsonlines"),
        (as_csv(RECORDS), "text/csv"),
        (as_csv(RECORDS, header=True), "text/csv; charset=utf-8"),
        (as_csv(RECORDS, header=True, names=tuple(GOOD)[::-1]), "text/csv; header=present"),
    ],
)
def test_every_type_gets_the_answer_of_predict(body, kind):
    status, text, _ = invoke(body, kind, "application/json")
    assert status == 200, text
    assert json.loads(text)["predictions"] == predicted()


def test_the_answer_has_the_type_of_the_request_or_the_one_accepted():
    _, text, headers = invoke(as_csv(RECORDS), "text/csv")
    assert headers["content-type"] == "text/csv"
    assert headers["x-scorelet-model"] == "tiny/2"
    rows = list(csv.reader(io.StringIO(text)))
    assert [(row[0], *map(float, row[1:])) for row in rows] == [
        (p["label"], p["score"], *p["probabilities"].values()) for p in predicted()
    ]
    _, text, headers = invoke(as_csv(RECORDS), "text/csv", "text/html;q=0.9, application/jsonlines;q=0.8, */*;q=0.1")
    assert headers["content-type"] == "application/jsonlines"
    assert [json.loads(line) for line in text.splitlines()] == predicted()


def test_a_type_that_cannot_be_read_is_415_and_one_that_cannot_be_written_406():
    assert invoke("x", "application/x-recordio-protobuf")[0] == 415
    assert invoke(RECORDS, "application/json", "image/png")[0] == 406
    assert invoke(RECORDS, "application/json", "application/json;q=0")[0] == 406
    assert invoke(RECORDS, "application/json", "*/*")[0] == 200


def test_the_model_is_the_paths_the_headers_or_the_default_one():
    body = [GOOD]
    assert json.loads(invoke(body, "application/json")[1])["model"] == "tiny"
    assert json.loads(invoke(body, "application/json", path="/endpoints/binary/invocations")[1])["model"] == "binary"
    target = {"x_amzn_sagemaker_target_model": "regression.tar.gz"}
    assert json.loads(invoke(body, "application/json", **target)[1])["model"] == "regression"
    named = {"x_amzn_sagemaker_custom_attributes": "model=binary"}
    assert json.loads(invoke(body, "application/json", **named)[1])["model"] == "binary"
    event, _ = ask("/invocations", json.dumps(body).encode(), content_type="application/json")
    assert (event["statusCode"], json.loads(event["body"])["code"]) == (400, "bad_request")


def test_bad_rows_are_refused_by_line_or_one_by_one():
    text = "1,2,true,red\n1,2\nx,200,maybe,pink\n"
    status, answer, _ = invoke(text, "text/csv", "application/json")
    found = [(p["pointer"], p["code"]) for p in json.loads(answer)["problems"]]
    assert status == 400
    assert found[0] == ("/1", "wrong_width")
    assert found[1:] == [
        ("/2/amount", "wrong_type"),
        ("/2/age", "out_of_range"),
        ("/2/member", "wrong_type"),
        ("/2/colour", "unknown_category"),
    ]
    by_row = {"x_amzn_sagemaker_custom_attributes": "on_error=row"}
    status, answer, _ = invoke(text, "text/csv", **by_row)
    assert status == 200
    assert [line == ",,,," for line in answer.splitlines()] == [False, True, True]


@pytest.mark.parametrize("body", ["", "\n\n", '"open', "amount,age,member,colour\n", "a,a,b,c\n", "\xff"])
def test_what_is_no_csv_is_refused(body):
    event, _ = ask("/invocations", body.encode("latin-1"), options=OPTIONS, content_type="text/csv; header=present")
    assert event["statusCode"] == 400


CELLS = st.text("0123456789+-.eE_ naifNI\ttruefalsx", max_size=9) | st.sampled_from(
    ["inf", "-Infinity", "NaN", "1e400", "9" * 400, "TRUE", " 1", "0", "red", "light green", "", " ", "1.", ".5", "+-1"]
)


@pytest.mark.law
@settings(max_examples=full_or(1000, 40))
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=20))
def test_a_cell_of_text_means_the_same_in_a_request_and_in_a_dropped_file(tmp_path_factory, rows):
    scratch = tmp_path_factory.getbasetemp() / "engine"
    scratch.mkdir(exist_ok=True)
    file = scratch / "in.csv"
    with file.open("w", newline="") as out:
        csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([tuple(GOOD), *rows])
    signature = tiny_package()[1].signature
    with file.open("rb") as opened, TextEngine(scratch) as engine:
        table = CsvTable(opened)
        (stretch,) = [engine.read(signature, table.header, records) for records in table.records()]
    dropped = encode(signature, stretch.columns)
    asked = encode(
        signature, {f.name: column_from_text(f, c) for f, c in zip(FEATURES, zip(*rows, strict=True), strict=True)}
    )
    assert dropped.states.tolist() == asked.states.tolist()
    assert dropped.matrix.tobytes() == asked.matrix.tobytes()
