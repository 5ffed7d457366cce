"""JSON lines: a line is scored exactly as the API scores its record, or rejected with a reason; the rest goes on."""

import csv
import io
import json
from dataclasses import replace

import pytest
from scorelet.batch_score import BatchOptions, score_file
from scorelet.csv_records import read_records
from scorelet.errors import UnreadableFile
from scorelet.file_settings import BadSettings, FileSettings
from scorelet.grammar import LINES
from scorelet.json_rows import JsonRows
from scorelet.package import load_package
from scorelet.signature import Feature

from tests.fakes.forms import read_output
from tests.fakes.package import tiny_package

GOOD = b'{"amount":5.10,"age":33,"member":true,"colour":"red","who":"ann"}'
JSONL = FileSettings(format="jsonl")


def score(folder, data, settings=JSONL, task="multiclass"):
    """The scored lines or rows, and (line, byte, code) of the others."""
    package = load_package(tiny_package(task)[0].__getitem__, expected_digest=None, public_key=None)
    (folder / "source").write_bytes(data)
    totals = score_file(folder / "source", package, folder, BatchOptions(threads=1, file=settings))
    found = read_output(folder / f"scored{totals.output.suffix}")
    csv.field_size_limit(4 << 20)
    rejects = list(csv.DictReader(io.StringIO((folder / "rejected.csv").read_bytes().decode(), newline="")))
    assert totals.rows_in == len(found) + len(rejects)
    return found, rejects


def changed(**cells):
    return json.dumps({**json.loads(GOOD), **cells}).encode()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "bad_json"),
        (b"   ", "bad_json"),
        (b"[1]", "bad_json"),
        (b'"text"', "bad_json"),
        (b"5", "bad_json"),
        (b"null", "bad_json"),
        (b"{}", "missing_value"),
        (b"{ }", "missing_value"),
        (b'{"amount":', "bad_json"),
        (GOOD + b"{}", "bad_json"),
        (GOOD + b",", "bad_json"),
        (b"\xef\xbb\xbf" + GOOD, "bad_json"),
        (GOOD.decode().encode("utf-16-le").replace(b"\n", b""), "bad_json"),
        (b"\xff" + GOOD, "bad_encoding"),
        (GOOD.replace(b"ann", b"\xed\xa0\x80"), "bad_encoding"),
        (GOOD.replace(b"ann", b"a\0n"), "bad_json"),
        (GOOD.replace(b'"who"', b'"age"'), "bad_json"),
        (GOOD.replace(b'"ann"', b"[" * 100_000), "bad_json"),
        (GOOD.replace(b'"ann"', b"[" * 40 + b"]" * 40), "bad_json"),
        (GOOD.replace(b"5.10", b"9" * 5000), "bad_json"),
        (GOOD.replace(b"5.10", b"9" * 400), "out_of_range"),
        (GOOD.replace(b"33", b"9" * 30), "out_of_range"),
        (GOOD.replace(b"5.10", b"NaN"), "not_finite"),
        (GOOD.replace(b"5.10", b"-Infinity"), "not_finite"),
        (GOOD.replace(b"5.10", b"1e400"), "not_finite"),
        (GOOD.replace(b"5.10", b'"5.10"'), "wrong_type"),
        (GOOD.replace(b"5.10", b"{}"), "wrong_type"),
        (GOOD.replace(b"true", b"1"), "wrong_type"),
        (GOOD.replace(b'"red"', b'"\\ud800"'), "unknown_category"),
        (changed(prediction=1), "name_taken"),
        (changed(probability_low=None), "name_taken"),
        (b'{"x":"' + b"y" * (1 << 20) + b'"}', "too_long"),
    ],
)
def test_a_bad_line_costs_itself_and_no_other(tmp_path, line, code):
    found, (reject,) = score(tmp_path, GOOD + b"\n" + line + b"\r\n" + GOOD)
    assert len(found) == 2
    assert (int(reject["line"]), int(reject["byte"]), reject["code"]) == (2, len(GOOD) + 1, code)
    assert reject["reason"]


@pytest.mark.parametrize(
    "line",
    [
        GOOD,
        b" " + GOOD + b" \t\r",
        GOOD.replace(b",", b" , \t").replace(b"}", b"  }"),
        GOOD.replace(b"red", b"\\u0072ed"),
        GOOD.replace(b'"ann"', b'"\\ud800 \\" \\\\"'),
        GOOD.replace(b'"ann"', b'{"a":[1,{"b":"}"}]}'),
        GOOD.replace(b'"ann"', '"é 東 \u2028"'.encode()),
        GOOD.replace(b"33", b"33.0").replace(b"5.10", b"51e-1"),
    ],
)
def test_a_sound_line_passes_through_byte_by_byte_with_the_answer_behind_it(tmp_path, line):
    score(tmp_path, line + b"\n")
    written = (tmp_path / "scored.jsonl").read_bytes()
    head = line.rstrip()[:-1]
    assert written.startswith(head + b',"prediction":"')
    assert written.endswith(b"}\n")
    assert written.count(b"\n") == 1
    answered = json.loads(written)
    assert list(answered)[5:] == ["prediction", "score", "probability_low", "probability_mid", "probability_high"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_that_begins_with_an_object_is_found_to_be_json_lines(tmp_path, mark, end):
    found, (reject,) = score(tmp_path, mark + GOOD + end + b"[]" + end + GOOD, FileSettings())
    assert [row["who"] for row in found] == ["ann", "ann"]
    assert (int(reject["line"]), int(reject["byte"])) == (2, len(mark + GOOD + end))


def test_an_empty_file_of_json_lines_has_no_rows(tmp_path):
    assert score(tmp_path, b"") == ([], [])
    with pytest.raises(UnreadableFile, match="empty"):
        score(tmp_path, b"", FileSettings())


def test_the_id_of_a_rejected_line_is_told_as_far_as_it_can_be_read(tmp_path):
    data = b"\n".join([changed(age="x", who=w) for w in ("bob", None, 5, [1, 2.5], "=1", "\ud800")] + [b"{", b"\xff{"])
    _, rejects = score(tmp_path, data, FileSettings(format="jsonl", id="who"))
    assert [r["id"] for r in rejects] == ["bob", "", "5", "[1,2.5]", "'=1", "\\ud800", "", ""]


def test_an_id_that_is_a_number_keeps_its_text(tmp_path):
    data = changed(age="x", who=0).replace(b'"who":0', b'"who":5.10').replace(b'"who": 0', b'"who":5.10')
    _, (reject,) = score(tmp_path, data, FileSettings(format="jsonl", id="who"))
    assert reject["id"] == "5.10"


def test_a_feature_that_is_called_like_an_answer_keeps_its_name():
    signature = tiny_package("regression")[1].signature
    signature = replace(signature, features=(Feature("prediction", "float"),))
    for line, sound in ((b'{"prediction":1}', 1), (b'{"prediction":1,"scorelet_prediction":1}', 0)):
        rows = JsonRows(read_records(io.BytesIO(line), 99, grammar=LINES), signature, JSONL)
        assert len(rows.read(None, next(rows.records())).sound) == sound


def test_as_columns_lines_are_the_id_and_the_features_in_order_with_the_text_of_their_numbers(tmp_path):
    line = b'{"x":1,"colour":"light green","member":true,"age":null,"who":"=1+1","amount":5.10,"prediction":"mine"}'
    settings = FileSettings(id="who", output="csv")
    found, rejects = score(tmp_path, line + b"\n", settings)
    assert not rejects
    assert list(found[0].items())[:6] == [
        ("who", "'=1+1"),
        ("amount", "5.10"),
        ("age", ""),
        ("member", "true"),
        ("colour", "light green"),
        ("prediction", found[0]["prediction"]),
    ]


def test_what_is_kept_of_lines_is_a_column_whatever_its_values_are(tmp_path):
    values = [
        None,
        "",
        "a,b",
        'say "hi"',
        "two\nlines",
        1e300,
        10**30,
        [1, {"a": "é"}],
        "2024-05-01",
        "\ud800",
        "a\0b",
        False,
    ]
    data = b"\n".join([GOOD, *(changed(kept=value) for value in values)])
    texts = [None, None, "", "a,b", 'say "hi"', "two\nlines", "1e+300", str(10**30), '[1,{"a":"é"}]', "2024-05-01"]
    texts += ["\\ud800", "a\0b", "false"]
    for output in ("parquet", "csv"):
        found, rejects = score(tmp_path, data, FileSettings(keep=("kept", "prediction"), output=output))
        assert not rejects
        assert [row["kept"] for row in found] == [t if output == "parquet" else t or "" for t in texts]
        assert list(found[0])[:3] == ["kept", "prediction", "scorelet_prediction"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (FileSettings(keep=("who",)), "keep is for outputs of columns"),
        (FileSettings(drop=("who",), output="csv"), "drop, header and columns are for tables"),
        (FileSettings(header=False, columns=("who",)), "drop, header and columns are for tables"),
        (FileSettings(keep=("who", "WHO"), output="parquet"), "names that differ by more than case"),
    ],
)
def test_settings_that_json_lines_cannot_follow_are_refused(tmp_path, settings, words):
    with pytest.raises(BadSettings, match=words):
        score(tmp_path, GOOD, settings)
