"""Instants: how AWS writes them, and epoch milliseconds. All of them are in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from scorelet.errors import EventError


def parse_time(text: str) -> datetime:
    """An ISO 8601 instant; raises EventError for text that is none or names no zone.

    >>> parse_time("2024-05-01T12:00:00.000+0200").isoformat()
    '2024-05-01T10:00:00+00:00'
    """
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise EventError(f"{str(text)[:40]!r} is not a time") from error
    if time.tzinfo is None:
        raise EventError(f"{text!r} names no time zone")
    return time.astimezone(UTC)


def from_epoch_ms(time_ms: int) -> datetime:
    """The instant that many milliseconds after the start of 1970."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def epoch_ms(time: datetime) -> int:
    """Milliseconds since the start of 1970."""
    return round(time.timestamp() * 1000)
