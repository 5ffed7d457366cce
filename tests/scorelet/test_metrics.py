"""Metrics are embedded-metric-format lines, by service and by service and model, at the event's time."""

import json

import pytest
from scorelet.metrics import publish


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "demo")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Scorelet")


def test_a_line_holds_values_units_time_and_both_sets_of_dimensions(capsys):
    publish({"Requests": 1, "LatencyMs": 2.5}, time_ms=1_700_000_000_000, model="iris")
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1_700_000_000_000
    assert directive["Namespace"] == "Scorelet"
    assert directive["Dimensions"] == [["service"], ["service", "Model"]]
    assert {m["Name"]: m["Unit"] for m in directive["Metrics"]} == {"Requests": "Count", "LatencyMs": "Milliseconds"}
    assert (line["service"], line["Model"], line["LatencyMs"]) == ("demo", "iris", [2.5])


def test_without_a_model_there_is_one_set_of_dimensions(capsys):
    publish({"AlertsSent": 1}, time_ms=1_700_000_000_000)
    line = json.loads(capsys.readouterr().out)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]


def test_a_metric_that_is_not_listed_cannot_be_published():
    with pytest.raises(KeyError):
        publish({"Typo": 1}, time_ms=0)


def test_nothing_to_say_prints_nothing(capsys):
    publish({}, time_ms=0)
    assert capsys.readouterr().out == ""
