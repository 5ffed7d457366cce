"""The event bus: an event goes to the targets of every rule whose pattern it matches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cli.plane import patterns
from cli.plane.clock import iso_seconds
from cli.plane.ids import Ids
from cli.plane.template.names import Account
from cli.plane.template.rules import Rule, Target

Event = dict[str, Any]


class Bus:
    """EventBridge's buses, the default one and named ones. `events` remembers all that passed, for redelivery."""

    def __init__(self, rules: Sequence[Rule], account: Account, ids: Ids, send: Callable[[Target, Any], None]) -> None:
        self.events: list[Event] = []
        self._rules = [rule for rule in rules if rule.enabled and rule.pattern is not None]
        self._account = account
        self._ids = ids
        self._send = send

    def event(self, source: str, kind: str, detail: Any, at: datetime, resources: Sequence[str] = ()) -> Event:
        """The envelope that EventBridge puts around a detail."""
        return {
            "version": "0",
            "id": self._ids.new(),
            "detail-type": kind,
            "source": source,
            "account": self._account.account_id,
            "time": iso_seconds(at),
            "region": self._account.region,
            "resources": list(resources),
            "detail": detail,
        }

    def put(self, event: Event, bus: str = "default") -> int:
        """Route the event; returns how many rules it matched."""
        self.events.append(event)
        name = bus.rsplit("/", 1)[-1]
        matched = [rule for rule in self._rules if rule.bus == name and patterns.matches(rule.pattern or {}, event)]
        for rule in matched:
            for target in rule.targets:
                self._send(target, event)
        return len(matched)
