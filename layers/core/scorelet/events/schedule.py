"""EventBridge's scheduled event, which carries nothing but its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scorelet.errors import EventError
from scorelet.instants import parse_time


def is_schedule(event: Mapping[str, Any]) -> bool:
    """Whether a schedule or rule of type rate or cron sent this."""
    return event.get("detail-type") == "Scheduled Event"


def scheduled_time(event: Mapping[str, Any]) -> datetime:
    """When the schedule fired, in UTC; raises EventError."""
    try:
        return parse_time(event["time"])
    except KeyError as error:
        raise EventError("the scheduled event has no time") from error
