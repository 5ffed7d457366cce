"""Metric and composite alarms on a moved clock, and the event that a change of state sends."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.plane import alarm_event
from cli.plane.alarms import Alarms
from cli.plane.errors import TemplateError
from cli.plane.metrics import Metrics
from cli.plane.template.alarms import AlarmSpec, CompositeSpec, MetricQuery
from cli.plane.template.names import Account

START = datetime(2026, 1, 1, tzinfo=UTC)
PLAIN = AlarmSpec(
    logical_id="A",
    name="a",
    arn="arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
    description="Too much.",
    queries=(MetricQuery("m1", namespace="N", metric="M", dimensions=(("d", "1"),), statistic="Sum"),),
    comparison="GreaterThanThreshold",
    threshold=2.0,
    evaluation_periods=3,
    datapoints_to_alarm=2,
    missing="notBreaching",
)
RATIO = replace(
    PLAIN,
    queries=(
        MetricQuery("share", expression="100 * part / whole", period=0),
        MetricQuery("part", False, namespace="N", metric="Part", statistic="Sum"),
        MetricQuery("whole", False, namespace="N", metric="Whole", statistic="Sum"),
    ),
    is_math=True,
)


class World:
    """Alarms, their metrics, and a list of what was told."""

    def __init__(self, *specs: AlarmSpec, composites: tuple[CompositeSpec, ...] = ()) -> None:
        self.metrics = Metrics()
        self.told: list[str] = []
        self.alarms = Alarms(specs, composites, self.metrics, START, self._tell)

    def _tell(self, change) -> None:
        self.told.append(f"{change.spec.name} {change.state.value}")

    def put(self, minute: float, value: float, metric: str = "M", dimensions=(("d", "1"),)) -> None:
        self.metrics.put("N", metric, dimensions, START + timedelta(minutes=minute), value)

    def state_at(self, minute: int, name: str = "a") -> str:
        self.alarms.evaluate(START + timedelta(minutes=minute))
        return self.alarms.states[name].value


def test_two_of_the_last_three_minutes_ring():
    world = World(PLAIN)
    for minute, value in enumerate([3, 1, 3, 1, 1, 3, 3]):
        world.put(minute + 0.5, value)
    assert [world.state_at(minute) for minute in range(1, 8)] == ["OK", "OK", "ALARM", "OK", "OK", "OK", "ALARM"]
    assert world.told == ["a OK", "a ALARM", "a OK", "a ALARM"]


@pytest.mark.parametrize(
    ("comparison", "value", "rings"),
    [
        ("GreaterThanThreshold", 2, False),
        ("GreaterThanOrEqualToThreshold", 2, True),
        ("LessThanThreshold", 2, False),
        ("LessThanThreshold", 1.9, True),
        ("LessThanOrEqualToThreshold", 2, True),
    ],
)
def test_comparisons(comparison, value, rings):
    world = World(replace(PLAIN, comparison=comparison, evaluation_periods=1, datapoints_to_alarm=1))
    world.put(0.5, value)
    assert (world.state_at(1) == "ALARM") is rings


def test_other_dimensions_are_another_metric():
    world = World(replace(PLAIN, evaluation_periods=1, datapoints_to_alarm=1))
    world.put(0.5, 9, dimensions=(("d", "2"),))
    world.put(0.5, 9, dimensions=())
    assert world.state_at(1) == "OK"


def test_a_share_of_nothing_is_a_missing_point():
    world = World(replace(RATIO, evaluation_periods=1, datapoints_to_alarm=1, missing="missing"))
    world.put(0.5, 0, "Whole", ())
    world.put(0.5, 0, "Part", ())
    assert world.state_at(1) == "INSUFFICIENT_DATA"
    world.put(1.5, 100, "Whole", ())
    world.put(1.5, 3, "Part", ())
    assert world.state_at(2) == "ALARM"


def test_an_expression_may_use_an_expression_that_stands_after_it():
    queries = (
        MetricQuery("out", expression="half * 4"),
        MetricQuery("half", False, expression="m / 2"),
        MetricQuery("m", False, namespace="N", metric="M", statistic="Sum"),
    )
    world = World(replace(PLAIN, queries=queries, evaluation_periods=1, datapoints_to_alarm=1, is_math=True))
    world.put(0.5, 1.5, dimensions=())
    assert world.state_at(1) == "ALARM"


def test_a_percentile_of_few_values_is_judged_or_passed_over_as_the_alarm_says():
    base = replace(
        PLAIN,
        queries=(replace(PLAIN.queries[0], statistic="p90"),),
        evaluation_periods=1,
        datapoints_to_alarm=1,
    )
    judged, passed_over = World(base), World(replace(base, ignore_low_samples=True))
    for world in (judged, passed_over):
        for _ in range(99):
            world.put(0.5, 9)
    assert (judged.state_at(1), passed_over.state_at(1)) == ("ALARM", "INSUFFICIENT_DATA")
    passed_over.put(0.5, 9)
    assert passed_over.state_at(1) == "ALARM"


def test_an_hourly_alarm_looks_at_the_hour_that_ends_now():
    hourly = replace(PLAIN.queries[0], period=3600, statistic="Maximum")
    world = World(replace(PLAIN, queries=(hourly,), evaluation_periods=1, datapoints_to_alarm=1, missing="ignore"))
    world.put(60, 5)
    assert [world.state_at(minute) for minute in (60, 61, 119)] == ["INSUFFICIENT_DATA", "ALARM", "ALARM"]
    world.put(120, 0)
    assert world.state_at(121) == "OK"


def test_an_alarm_over_more_than_a_day_is_judged_each_hour_only():
    daily = replace(PLAIN.queries[0], period=86400)
    world = World(replace(PLAIN, queries=(daily,), evaluation_periods=2, datapoints_to_alarm=1))
    world.put(30, 5)
    assert [world.state_at(minute) for minute in (59, 60)] == ["INSUFFICIENT_DATA", "ALARM"]


def test_short_periods_are_judged_every_ten_seconds():
    short = replace(PLAIN.queries[0], period=10)
    assert World(replace(PLAIN, queries=(short,))).alarms.tick_seconds() == 10
    assert World(PLAIN).alarms.tick_seconds() == 60


def test_composites_follow_in_any_order_they_stand():
    composites = (
        CompositeSpec("O", "outer", "arn:aws:cloudwatch:us-east-1:1:alarm:outer", None, "ALARM(inner)"),
        CompositeSpec("I", "inner", "arn:aws:cloudwatch:us-east-1:1:alarm:inner", None, "ALARM(a) AND NOT ALARM(b)"),
    )
    one = replace(PLAIN, evaluation_periods=1, datapoints_to_alarm=1)
    other = replace(one, name="b", queries=(replace(PLAIN.queries[0], metric="Other"),))
    world = World(one, other, composites=composites)
    world.put(0.5, 9)
    assert world.state_at(1, "outer") == "ALARM"
    world.put(1.5, 9)
    world.put(1.5, 9, "Other")
    assert world.state_at(2, "outer") == "OK"
    assert world.told[-2:] == ["inner OK", "outer OK"]


def test_a_composite_that_names_nobody_is_refused():
    with pytest.raises(TemplateError, match="ghost"):
        World(composites=(CompositeSpec("C", "c", "arn", None, "ALARM(ghost)"),))


def test_the_event_has_the_shape_that_cloudwatch_sends():
    world = World(replace(PLAIN, evaluation_periods=1, datapoints_to_alarm=1))
    world.put(0.5, 1)
    world.state_at(1)
    world.put(1.5, 9)
    world.state_at(2)
    change = world.alarms.history[-1]
    detail = alarm_event.detail(change.spec, change.state, change.before)
    assert detail["alarmName"] == "a"
    data = json.loads(detail["state"].pop("reasonData"))
    assert detail["state"] == {
        "value": "ALARM",
        "reason": "Threshold Crossed: 1 out of the last 1 datapoints [9.0 (01/01/26 00:01:00)] was greater than the"
        " threshold (2.0) (minimum 1 datapoint for OK -> ALARM transition).",
        "timestamp": "2026-01-01T00:02:00.000+0000",
    }
    assert detail["previousState"]["value"] == "OK"
    assert data == {
        "version": "1.0",
        "queryDate": "2026-01-01T00:02:00.000+0000",
        "startDate": "2026-01-01T00:01:00.000+0000",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [9.0],
        "threshold": 2.0,
        "evaluatedDatapoints": [{"timestamp": "2026-01-01T00:01:00.000+0000", "value": 9.0}],
    }
    assert detail["configuration"] == {
        "description": "Too much.",
        "metrics": [
            {
                "id": "m1",
                "metricStat": {
                    "metric": {"dimensions": {"d": "1"}, "name": "M", "namespace": "N"},
                    "period": 60,
                    "stat": "Sum",
                },
                "returnData": True,
            }
        ],
    }


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("breaching", "no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching]"),
        ("notBreaching", "treated as [NonBreaching]"),
    ],
)
def test_the_reason_tells_of_missing_points(missing, words):
    world = World(replace(PLAIN, missing=missing))
    world.state_at(1)
    assert words in world.alarms.states["a"].reason


def test_the_sns_message_can_be_read_like_cloudwatchs():
    world = World(replace(PLAIN, missing="breaching"))
    world.state_at(1)
    (change,) = world.alarms.history
    message = json.loads(alarm_event.sns_message(Account(), change.spec, change.state, change.before))
    assert (message["AlarmName"], message["NewStateValue"]) == ("a", "ALARM")
    assert message["OldStateValue"] == "INSUFFICIENT_DATA"
    assert message["Trigger"]["MetricName"] == "M"
