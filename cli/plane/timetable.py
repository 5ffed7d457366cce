"""Rules with a schedule, fired in order as the clock passes their times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cli.plane.bus import Bus
from cli.plane.schedules import next_time
from cli.plane.template.rules import Rule, Target


class Timetable:
    """Every schedule of the stack and its next time."""

    def __init__(self, rules: Sequence[Rule], created: datetime, bus: Bus, send: Callable[[Target, Any], None]) -> None:
        self._created = created
        self._bus = bus
        self._send = send
        self._rules = {rule.arn: rule for rule in rules}
        self._next: dict[str, datetime | None] = {}
        for rule in rules:
            if rule.enabled and rule.schedule is not None:
                self._next[rule.arn] = next_time(rule.schedule, created, created)

    def next_due(self) -> datetime | None:
        """The next time anything fires."""
        return min((at for at in self._next.values() if at is not None), default=None)

    def fire(self, now: datetime) -> bool:
        """Fire every schedule due at `now`, each with its own time; False when none was."""
        due = sorted((at, arn) for arn, at in self._next.items() if at is not None and at <= now)
        for at, arn in due:
            rule = self._rules[arn]
            self._fire(rule, at)
            self._next[arn] = next_time(rule.schedule or "", at, self._created)
        return bool(due)

    def _fire(self, rule: Rule, at: datetime) -> None:
        detail: Any = "{}" if rule.source == "aws.scheduler" else {}
        event = self._bus.event(rule.source, "Scheduled Event", detail, at, [rule.arn])
        for target in rule.targets:
            self._send(target, event)
