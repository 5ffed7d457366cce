"""EventBridge's scheduled event, which carries nothing but its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scorelet.errors import EventError


def is_schedule(event: Mapping[str, Any]) -> bool:
    """Whether a schedule or rule of type rate or cron sent this."""
    return event.get("detail-type") == "Scheduled Event"


def scheduled_time(event: Mapping[str, Any]) -> datetime:
    """When the schedule fired, in UTC; raises EventError."""
    try:
        return parse_time(event["time"])
    except KeyError as error:
        raise EventError("the scheduled event has no time") from error


def parse_time(text: str) -> datetime:
    """An instant as AWS writes it, in UTC; raises EventError for text without a zone.

    >>> parse_time("2024-05-01T10:00:00.000+0000").isoformat()
    '2024-05-01T10:00:00+00:00'
    """
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise EventError(f"{str(text)[:40]!r} is not a time") from error
    if time.tzinfo is None:
        raise EventError(f"{text!r} names no time zone")
    return time.astimezone(UTC)
