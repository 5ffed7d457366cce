"""Prediction records: what predict writes is what monitor reads, and never a value of the request."""

import json

import numpy as np
import pytest
from scorelet.features import columns_from_records
from scorelet.package import load_package
from scorelet.record import MOST_ROWS, parse_line, prediction_lines
from scorelet.sketch import LABEL, SCORE

from tests.fakes.package import tiny_package, tiny_records


@pytest.fixture(scope="module", params=["multiclass", "binary", "regression"])
def package(request):
    files, _ = tiny_package(request.param)
    return load_package(files.__getitem__, expected_digest=None, public_key=None)


def lines_of(package, records):
    encoded, answers = package.answer(columns_from_records(package.signature, records))
    return prediction_lines(package, encoded, answers, "abc", 1_714_557_600_000), answers


def test_a_line_is_read_back_as_it_was_written(package):
    (line,), answers = lines_of(package, tiny_records(3))
    record = parse_line(line)
    assert (record.id, record.time_ms, record.model, record.version, record.rows) == (
        "abc",
        1714557600000,
        "tiny",
        1,
        3,
    )
    data = json.loads(record.text)
    assert data["digest"] == package.digest
    assert data["labels"] == answers.label.tolist()
    assert np.array_equal(np.array(data["scores"], dtype=np.float32), answers.score)


def test_the_bins_of_the_training_records_add_up_to_the_baseline(package):
    (line,), _ = lines_of(package, tiny_records(400))
    baseline = package.manifest.baseline
    columns = np.array(json.loads(line)["bins"]).T
    for name, column in zip(package.signature.names, columns, strict=True):
        assert baseline.bins[name].count(column).tolist() == baseline.counts[name].tolist()
    assert set(baseline.bins) == {*package.signature.names, SCORE, LABEL}


def test_many_rows_become_several_lines_in_order(package):
    lines, answers = lines_of(package, tiny_records(MOST_ROWS * 2 + 1))
    records = [parse_line(line) for line in lines]
    assert [(r.id, r.rows) for r in records] == [("abc-0", MOST_ROWS), ("abc-1", MOST_ROWS), ("abc-2", 1)]
    assert [label for r in records for label in json.loads(r.text)["labels"]] == answers.label.tolist()
    assert max(map(len, lines)) < 256_000


def test_rows_that_were_refused_have_no_entry(package):
    records = [*tiny_records(2), {"amount": "much"}]
    (line,), _ = lines_of(package, records)
    assert parse_line(line).rows == 2


def test_no_answer_no_line(package):
    assert lines_of(package, [{"amount": None}])[0] == []


WHOLE = {
    "scorelet": "predictions",
    "id": "a",
    "time": 1714557600000,
    "model": "iris",
    "version": 1,
    "digest": "sha256:0",
    "labels": [0, 1],
    "scores": [0.5, 1],
    "bins": [[1, 2], [3, 4]],
}


def test_the_example_is_whole():
    assert parse_line(json.dumps(WHOLE) + "\n").rows == 2


@pytest.mark.parametrize(
    "line",
    ["", "START RequestId: 1", "[]", '"predictions"', "{}", '{"scorelet": "other"}', "[" * 100_000]
    + [json.dumps({k: v for k, v in WHOLE.items() if k != name}) for name in WHOLE]
    + [
        json.dumps({**WHOLE, **change})
        for change in (
            {"labels": [0]},
            {"labels": [0, None]},
            {"labels": [0, True]},
            {"labels": 3},
            {"scores": [0.5, float("nan")]},
            {"scores": [0.5, "1"]},
            {"bins": [[1, 2], [3, 40_000]]},
            {"bins": [[1, 2], [3, -1]]},
            {"bins": [[1, 2], 3]},
            {"version": 2**31},
            {"version": "1"},
            {"time": 1.5},
            {"model": None},
        )
    ],
    ids=lambda line: line[:30] or "empty",
)
def test_any_other_line_is_none(line):
    assert parse_line(line) is None
