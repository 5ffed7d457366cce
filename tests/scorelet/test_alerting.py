"""One change of an alarm: at most one message that a person can act on, and a rollback where the model is the cause."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from scorelet.alert_message import Buckets, console_url, subject
from scorelet.alerting import Alerts, alert_key
from scorelet.events.alarm import alarm_changes
from scorelet.registry import Registry
from scorelet.runbooks import RUNBOOKS, kind_of

from tests.events import load_event
from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore
from tests.fakes.topic import MemoryTopic

(DRIFT,) = alarm_changes(load_event("alarm_eventbridge"))
(COMPOSITE,) = alarm_changes(load_event("alarm_composite"))
ERRORS = replace(DRIFT, name="scorelet-predict-errors", metrics=("AWS/ApiGateway 5xx",), description="Too many errors.")
REFUSED = replace(DRIFT, name="scorelet-model-refused")
REPORT = {
    "model": "tiny",
    "version": 2,
    "rows": 812,
    "status": "drift",
    "drifted": ["amount", "__score__"],
    "since": {"amount": "2026-03-02T09:00:00+00:00"},
    "window": {"start": "2026-03-01T10:00:00+00:00", "end": "2026-03-02T10:00:00+00:00"},
    "rules": {"min_effect": 0.1},
    "quantities": [
        {"name": "amount", "effect": 1.234, "movement": "higher: 90 % of the values are 2.5 or more, 50 % in training"},
        {"name": "__score__", "effect": 0.5, "movement": "lower: 1 % of the values are 0.5 or more, 9 % in training"},
        {"name": "age", "effect": 0.01, "movement": "lower: 49 % of the values are 40 or more, 50 % in training"},
    ],
}


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def topic():
    return MemoryTopic()


@pytest.fixture
def registry(store):
    """Version 2 was promoted ten minutes before the alarms, over version 1."""
    registry = Registry(store, "models")
    for version, minutes in ((1, 90), (2, 10)):
        registry.publish(tiny_package(version=version)[0])
        at = (ERRORS.time - timedelta(minutes=minutes)).isoformat()
        registry.promote("tiny", version, at=at, by="ann", why="better")
    return registry


@pytest.fixture
def alerts(store, registry, topic):
    return Alerts(store, registry, topic, Buckets("models", "data"), alias="live", rollback=True)


def live(registry):
    return registry.alias("tiny").current.version


# --- one message


def test_an_alarm_becomes_a_message_that_says_what_why_and_what_to_do(alerts, topic):
    outcome = alerts.handle(ERRORS, "request-1")
    ((title, body),) = topic.sent
    assert title == "[ALARM] scorelet-predict-errors: the API answers with errors; tiny was rolled back"
    sections = ["WHAT HAPPENED", "WHAT WAS DONE", "WHAT IT MEANS", "WHAT TO DO", "WHERE TO LOOK"]
    assert [line for line in body.splitlines() if line in sections] == sections
    assert ERRORS.reason in body
    assert "2026-03-02 10:05:12 UTC" in body
    assert "scorelet rollback tiny --why" in body
    assert "sam logs --stack-name scorelet --name PredictFunction" in body
    assert console_url(ERRORS) in body
    assert outcome.metrics() == {"AlertsSent": 1, "Rollbacks": 1}


@pytest.mark.parametrize("kind", RUNBOOKS)
def test_every_alarm_of_the_stack_has_its_runbook_with_nothing_left_to_fill_in(alerts, topic, kind):
    change = replace(DRIFT, name=f"scorelet-{kind}")
    assert kind_of(change.name) == kind
    alerts.handle(change, "request-1")
    ((title, body),) = topic.sent
    assert RUNBOOKS[kind].meaning in body
    assert RUNBOOKS[kind].title in title
    assert "{" not in body.replace(change.reason, "")
    assert len(title) <= 100


def test_the_same_change_again_in_whatever_envelope_sends_nothing(alerts, topic):
    alerts.handle(DRIFT, "request-1")
    for number, name in enumerate(["alarm_sns", "alarm_direct", "alarm_eventbridge"], 2):
        for change in alarm_changes(load_event(name)):
            assert alerts.handle(change, f"request-{number}").sent is None
    assert len(topic.sent) == 1


def test_another_alarm_and_another_time_are_other_messages(alerts, topic):
    for change in (DRIFT, replace(DRIFT, time=DRIFT.time + timedelta(hours=1)), replace(DRIFT, region="eu-west-1")):
        alerts.handle(change, "request-1")
    assert len(topic.sent) == 3
    assert len({alert_key(DRIFT), alert_key(ERRORS), alert_key(replace(DRIFT, account="2"))}) == 3


def test_an_unknown_alarm_is_passed_on_as_it_is(alerts, topic):
    alerts.handle(replace(DRIFT, name="Größe {x} % of\nsomeone", reason="because of {this}"), "request-1")
    ((title, body),) = topic.sent
    assert "because of {this}" in body
    assert title.isascii()
    assert title.isprintable()


def test_a_composite_alarm_names_its_children_and_uses_their_runbook(alerts, topic):
    alerts.handle(COMPOSITE, "request-1")
    ((_, body),) = topic.sent
    assert "Triggered by: scorelet-predict-errors" in body
    assert RUNBOOKS["predict-errors"].meaning in body


@pytest.mark.parametrize("state", ["INSUFFICIENT_DATA", "OK"])
def test_what_is_no_alarm_and_ends_none_sends_nothing(alerts, topic, store, state):
    assert alerts.handle(replace(DRIFT, state=state, previous_state="ALARM"), "request-1").metrics() == {
        "AlertsSent": 0,
        "Rollbacks": 0,
    }
    assert topic.sent == []
    assert not list(store.list("data", "alerts/"))


# --- recovery


def later(change, state, minutes):
    return replace(change, state=state, time=change.time + timedelta(minutes=minutes))


def test_a_recovery_is_told_of_once_after_an_alarm_was(alerts, topic):
    alerts.handle(DRIFT, "request-1")
    alerts.handle(later(DRIFT, "OK", 60), "request-2")
    alerts.handle(later(DRIFT, "OK", 60), "request-3")
    alerts.handle(later(DRIFT, "OK", 90), "request-4")
    assert [title for title, _ in topic.sent][1:] == ["[OK] scorelet-drift has recovered"]
    assert "2026-03-02T10:05:12" in topic.sent[1][1]


def test_another_alarms_recovery_is_not_this_ones(alerts, topic):
    alerts.handle(DRIFT, "request-1")
    alerts.handle(later(ERRORS, "OK", 60), "request-2")
    assert len(topic.sent) == 1


# --- delivery that fails


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_attempt(alerts, topic):
    topic.failures = 1
    with pytest.raises(ConnectionError):
        alerts.handle(DRIFT, "request-1")
    assert alerts.handle(DRIFT, "request-2").sent
    assert alerts.handle(DRIFT, "request-3").sent is None
    assert len(topic.sent) == 1


def test_a_killed_attempt_is_taken_up_by_its_own_retry_and_by_nobody_else(alerts, store, topic):
    class KilledTopic(MemoryTopic):
        def send(self, subject, body):
            raise KeyboardInterrupt  # no handler of ours sees a kill

    with pytest.raises(KeyboardInterrupt):
        replace(alerts, topic=KilledTopic()).handle(DRIFT, "request-1")
    assert alerts.handle(DRIFT, "request-2").sent is None
    assert alerts.handle(DRIFT, "request-1").sent
    assert len(topic.sent) == 1


def test_the_record_of_a_change_holds_what_was_sent(alerts, store, topic):
    alerts.handle(ERRORS, "request-1")
    found = json.loads(store.get("data", alert_key(ERRORS)).body)
    assert (found["subject"], found["body"]) == topic.sent[0]
    assert (found["status"], found["state"], found["rolled_back"]) == ("sent", "ALARM", True)


# --- drift


def test_a_drift_message_says_which_model_which_features_how_far_where_to_and_since_when(alerts, topic, store):
    store.put("data", "monitor/tiny/latest.json", json.dumps(REPORT).encode())
    alerts.handle(DRIFT, "request-1")
    ((title, body),) = topic.sent
    assert title == "[ALARM] scorelet-drift: tiny v2: amount, the model's score"
    assert "tiny version 2, 812 rows from 2026-03-01T10:00:00+00:00" in body
    assert "- amount: higher: 90 % of the values are 2.5 or more, 50 % in training. Effect 1.23 (floor 0.1)" in body
    assert "found since 2026-03-02T09:00:00+00:00" in body
    assert "- the model's score: lower" in body
    assert "age" not in body.split("WHAT IT MEANS")[0].replace("average", "")
    assert "aws s3 cp s3://data/monitor/tiny/latest.json -" in body


def test_a_model_without_drift_is_not_blamed(alerts, topic, store):
    store.put("data", "monitor/tiny/latest.json", json.dumps({**REPORT, "drifted": []}).encode())
    alerts.handle(DRIFT, "request-1")
    assert "tiny version" not in topic.sent[0][1]


def test_drift_never_rolls_back(alerts, registry, store):
    store.put("data", "monitor/tiny/latest.json", json.dumps(REPORT).encode())
    outcome = alerts.handle(DRIFT, "request-1")
    assert outcome.rollback is None
    assert live(registry) == 2


# --- rollback


@pytest.mark.parametrize("change", [ERRORS, REFUSED], ids=lambda c: c.name)
def test_a_new_version_that_is_the_cause_is_rolled_back(alerts, registry, topic, change):
    alerts.handle(change, "request-1")
    current = registry.alias("tiny").current
    assert (current.version, current.by, current.why) == (1, "scorelet-alert", f"alarm {change.name}")
    assert current.at == change.time.isoformat()
    assert "tiny was rolled back from version 2 to version 1." in topic.sent[0][1]


def test_a_rollback_whose_message_failed_is_not_done_twice_but_told_of(alerts, registry, topic):
    registry.publish(tiny_package(version=3)[0])
    registry.promote("tiny", 3, at=(ERRORS.time - timedelta(minutes=1)).isoformat(), by="ann", why="better")
    topic.failures = 1
    with pytest.raises(ConnectionError):
        alerts.handle(ERRORS, "request-1")
    outcome = alerts.handle(ERRORS, "request-1")
    assert live(registry) == 2
    assert outcome.rollback.done
    assert "tiny was rolled back to version 2" in topic.sent[0][1]


def test_the_next_alarm_does_not_go_further_back(alerts, registry, topic):
    registry.publish(tiny_package(version=3)[0])
    registry.promote("tiny", 3, at=(ERRORS.time - timedelta(minutes=1)).isoformat(), by="ann", why="better")
    alerts.handle(ERRORS, "request-1")
    alerts.handle(later(REFUSED, "ALARM", 5), "request-2")
    assert live(registry) == 2
    assert "It is not the newest version" in topic.sent[1][1]


def test_after_a_persons_rollback_nothing_is_rolled_back(alerts, registry):
    registry.publish(tiny_package(version=3)[0])
    registry.promote("tiny", 3, at=(ERRORS.time - timedelta(minutes=5)).isoformat(), by="ann", why="better")
    registry.rollback("tiny", at=(ERRORS.time - timedelta(minutes=2)).isoformat(), by="ann", why="worse")
    alerts.handle(ERRORS, "request-1")
    assert live(registry) == 2


@pytest.mark.parametrize("minutes", [51, -11], ids=["long before", "after the alarm"])
def test_a_promotion_that_is_not_shortly_before_is_not_the_cause(alerts, registry, topic, minutes):
    change = replace(ERRORS, time=ERRORS.time + timedelta(minutes=minutes))
    alerts.handle(change, "request-1")
    assert live(registry) == 2
    assert "no model was rolled back" in topic.sent[0][1]


def test_rollback_is_off_unless_asked_for(alerts, registry, topic):
    replace(alerts, rollback=False).handle(ERRORS, "request-1")
    assert live(registry) == 2
    assert "tiny version 2 answers since" in topic.sent[0][1]
    assert "Automatic rollback is off" in topic.sent[0][1]


def test_a_first_version_has_nothing_to_go_back_to(alerts, store, topic):
    other = Registry(store, "other")
    other.publish(tiny_package()[0])
    other.promote("tiny", 1, at=ERRORS.time.isoformat(), by="ann", why="first")
    replace(alerts, registry=other).handle(ERRORS, "request-1")
    assert live(other) == 1
    assert "no version before it" in topic.sent[0][1]


def test_of_two_suspects_none_is_rolled_back(alerts, registry, topic):
    registry.publish(tiny_package(name="other")[0])
    registry.promote("other", 1, at=ERRORS.time.isoformat(), by="ann", why="first")
    alerts.handle(ERRORS, "request-1")
    assert live(registry) == 2
    assert "Several models changed shortly before (other, tiny)" in topic.sent[0][1]


def test_whoever_changes_the_alias_at_the_same_moment_wins(alerts, registry, store, topic):
    class Racing(Registry):
        def rollback(self, name, **entry):
            registry.promote("tiny", 1, at=ERRORS.time.isoformat(), by="bob", why="by hand")
            self._store.put_if_match("models", "models/tiny/aliases/live.json", b"{}", "an older state")

    replace(alerts, registry=Racing(store, "models")).handle(ERRORS, "request-1")
    assert registry.alias("tiny").current.by == "bob"
    assert "Somebody changed the alias at the same moment" in topic.sent[0][1]


def test_a_published_model_without_the_alias_is_no_suspect(alerts, registry, topic):
    registry.publish(tiny_package(name="other")[0])
    alerts.handle(ERRORS, "request-1")
    assert live(registry) == 1


def test_subjects_keep_the_rule_of_sns():
    assert len(subject("x" * 500)) == 100
    assert subject("a\nb\tü") == "a?b??"
