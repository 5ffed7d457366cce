"""Metric values, statistics, and metrics out of log lines."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cli.plane import emf
from cli.plane.errors import ExpressionError
from cli.plane.metrics import Metrics, aggregate

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", 115.0),
        ("Average", 23.0),
        ("Minimum", 1),
        ("Maximum", 100),
        ("SampleCount", 5),
        ("p0", 1),
        ("p50", 4),
        ("p80", 7),
        ("p99", 100),
        ("p99.9", 100),
        ("p100", 100),
    ],
)
def test_statistics(statistic, expected):
    assert aggregate([100, 1, 7, 3, 4], statistic) == expected


def test_an_unknown_statistic_is_refused():
    with pytest.raises(ExpressionError, match="tm99"):
        aggregate([1], "tm99")


def test_a_span_holds_its_start_and_not_its_end():
    metrics = Metrics()
    for second in (0, 59, 60):
        metrics.put("N", "M", (("b", "2"), ("a", "1")), NOW + timedelta(seconds=second), second)
    key = ("N", "M", (("a", "1"), ("b", "2")))
    start = NOW.timestamp()
    assert metrics.between(key, start, start + 60) == [0, 59]
    assert metrics.statistic(key, "Sum", start + 120, start + 180) is None


def test_late_values_fall_into_their_own_time():
    metrics = Metrics()
    for second in (30, 10, 20):
        metrics.put("N", "M", (), NOW + timedelta(seconds=second), second)
    assert metrics.between(("N", "M", ()), 0, 1e12) == [10, 20, 30]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value):
    metrics = Metrics()
    metrics.put("N", "M", (), NOW, value)
    assert metrics.keys() == []


def line(**more):
    about = {
        "Timestamp": 1767225661000,
        "CloudWatchMetrics": [
            {
                "Namespace": "Scorelet",
                "Dimensions": [["service"], ["service", "Model"], ["absent"], []],
                "Metrics": [{"Name": "Rows", "Unit": "Count"}, {"Name": "Missing"}],
            }
        ],
    }
    return json.dumps({"_aws": about, "service": "s", "Model": "iris", "Rows": [1, 2.5], **more})


def test_an_emf_line_is_a_metric_for_each_dimension_set_and_value():
    points = list(emf.points(line(), NOW))
    sets = [(("service", "s"),), (("Model", "iris"), ("service", "s")), ()]
    assert [(p[2], p[4]) for p in points] == [(dims, value) for dims in sets for value in (1.0, 2.5)]
    assert {(p[0], p[1], p[3], p[5]) for p in points} == {("Scorelet", "Rows", NOW + timedelta(seconds=61), "Count")}


def test_values_that_are_not_numbers_are_left_out():
    assert [p[4] for p in emf.points(line(Rows=["x", True, None, 4]), NOW)] == [4.0] * 3


@pytest.mark.parametrize("text", ["", "text", "{}", '{"_aws": 1}', '{"_aws": ', '{"_aws": {}}', '["_aws"]'])
def test_other_lines_are_no_metrics(text):
    assert list(emf.points(text, NOW)) == []
