"""Time that a test can move. The plane asks the machine for the time through nothing but these."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that stands still until it is told to move.

    >>> clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.advance(90).isoformat()
    '2026-01-01T00:01:30+00:00'
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("A clock starts at a time with a time zone: datetime(..., tzinfo=UTC).")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def advance(self, by: float | timedelta) -> datetime:
        """Move forward by seconds or a timedelta; returns the new time."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta():
            raise ValueError("Time does not run backwards here.")
        self.move_to(self.now() + step)
        return self.now()

    def move_to(self, moment: datetime) -> None:
        """Be at `moment`; a moment in the past changes nothing."""
        self._now = max(self._now, moment)


class RunningClock(Clock):
    """A clock that runs with real time from `start`, and can still be pushed forward."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start or datetime.now(UTC))
        self._ticks = time.monotonic()

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now + timedelta(seconds=time.monotonic() - self._ticks)

    def move_to(self, moment: datetime) -> None:
        """Be at `moment`; a moment in the past changes nothing."""
        ahead = moment - self.now()
        if ahead > timedelta():
            self._now += ahead


def iso_seconds(moment: datetime) -> str:
    """`2026-01-01T00:00:00Z`, as EventBridge writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_offset(moment: datetime) -> str:
    """`2026-01-01T00:00:00.000+0000`, as CloudWatch alarms write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def from_epoch_ms(value: float) -> datetime:
    """The moment of a millisecond timestamp."""
    return datetime.fromtimestamp(value / 1000, UTC)


def floor_to(moment: datetime, seconds: int) -> datetime:
    """The last whole multiple of `seconds` at or before `moment`."""
    stamp = int(moment.timestamp())
    return datetime.fromtimestamp(stamp - stamp % seconds, UTC)
