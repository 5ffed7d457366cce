"""The schedule's event."""

from datetime import UTC, datetime

import pytest
from scorelet.errors import EventError
from scorelet.events.schedule import is_schedule, scheduled_time

from tests.events import load_event


def test_a_schedule_carries_its_time():
    event = load_event("schedule")
    assert is_schedule(event)
    assert scheduled_time(event) == datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("time", ["soon", "2026-03-02T10:00:00", None])
def test_a_schedule_without_an_instant_is_refused(time):
    with pytest.raises(EventError):
        scheduled_time({"detail-type": "Scheduled Event", "time": time})
    with pytest.raises(EventError, match="no time"):
        scheduled_time({"detail-type": "Scheduled Event"})


def test_other_events_are_no_schedule():
    assert not is_schedule(load_event("s3_scored_manifest"))
    assert not is_schedule(load_event("logs_predictions"))
