"""One alarm, three envelopes, one meaning."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from scorelet.errors import EventError
from scorelet.events.alarm import alarm_changes

from tests.events import load_event


def only(event):
    (change,) = alarm_changes(event)
    return change


def test_eventbridge():
    change = only(load_event("alarm_eventbridge"))
    assert (change.name, change.state, change.previous_state) == ("scorelet-drift", "ALARM", "OK")
    assert change.time == datetime(2026, 3, 2, 10, 5, 12, 345_000, tzinfo=UTC)
    assert (change.account, change.region) == ("123456789012", "eu-central-1")
    assert change.metrics == ("Scorelet DriftedFeatures",)
    assert change.reason.startswith("Threshold Crossed")
    assert not change.is_composite


@pytest.mark.parametrize("name", ["alarm_sns", "alarm_direct"])
def test_the_other_envelopes_mean_the_same(name):
    assert only(load_event(name)) == only(load_event("alarm_eventbridge"))


def test_every_record_of_an_sns_event_counts():
    event = load_event("alarm_sns")
    second = json.loads(event["Records"][0]["Sns"]["Message"]) | {"NewStateValue": "OK", "OldStateValue": "ALARM"}
    event["Records"].append({"EventSource": "aws:sns", "Sns": {"Message": json.dumps(second)}})
    first, last = alarm_changes(event)
    assert replace(last, state="ALARM", previous_state="OK") == first
    assert last.state == "OK"


def test_a_composite_alarm_names_its_children():
    change = only(load_event("alarm_composite"))
    assert change.is_composite
    assert change.triggered_by == ("scorelet-predict-errors",)
    assert change.metrics == ()


def test_a_composite_alarm_through_sns():
    message = json.loads(load_event("alarm_sns")["Records"][0]["Sns"]["Message"])
    arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:scorelet-predict-errors"
    message |= {"AlarmRule": "ALARM(x)", "TriggeringChildren": [{"Arn": arn, "State": {"Value": "ALARM"}}]}
    message.pop("Trigger")
    change = only({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(message)}}]})
    assert (change.is_composite, change.triggered_by) == (True, ("scorelet-predict-errors",))


def test_metric_math_names_the_metrics_it_uses():
    event = load_event("alarm_eventbridge")
    event["detail"]["configuration"]["metrics"].append({"id": "e1", "expression": "a / b", "returnData": True})
    assert only(event).metrics == ("Scorelet DriftedFeatures",)


def test_a_first_state_has_no_reason_data_and_no_previous_state():
    event = load_event("alarm_eventbridge")
    del event["detail"]["state"]["reasonData"], event["detail"]["previousState"], event["detail"]["configuration"]
    assert only(event).previous_state == "INSUFFICIENT_DATA"


@pytest.mark.parametrize("name", ["schedule", "s3_eventbridge", "sqs_s3_eventbridge", "http_v2_predict"])
def test_other_events_are_refused(name):
    with pytest.raises(EventError):
        list(alarm_changes(load_event(name)))


@pytest.mark.parametrize("message", ["hello", "{}", "[]", '{"AlarmArn": "x"}'])
def test_a_notice_that_is_no_alarm_is_refused(message):
    with pytest.raises(EventError, match="cannot be read"):
        list(alarm_changes({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message}}]}))
