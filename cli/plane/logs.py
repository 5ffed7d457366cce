"""Log groups: events with the clock's time, metrics from EMF lines, and delivery to subscribed functions."""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.plane import emf
from cli.plane.clock import epoch_ms
from cli.plane.log_filter import compile_filter
from cli.plane.metrics import Metrics
from cli.plane.template.names import Account
from cli.plane.template.rules import LogSubscription


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of a log."""

    id: str
    at: datetime
    message: str
    stream: str


class Logs:
    """Every log group of the stack."""

    def __init__(
        self,
        subscriptions: Iterable[LogSubscription],
        account: Account,
        metrics: Metrics,
        deliver: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._events: dict[str, list[LogEvent]] = defaultdict(list)
        self._account = account
        self._metrics = metrics
        self._deliver = deliver
        self._subscriptions = [(one, compile_filter(one.pattern)) for one in subscriptions]
        self._count = 0

    def write(self, group: str, stream: str, messages: Iterable[str], at: datetime) -> None:
        """Add lines; EMF lines become metrics, and lines that a subscription wants go to its function."""
        events = [LogEvent(self._next_id(at), at, message, stream) for message in messages]
        self._events[group].extend(events)
        for event in events:
            for point in emf.points(event.message, at):
                self._metrics.put(*point)
        for subscription, wants in self._subscriptions:
            chosen = [event for event in events if wants(event.message)] if subscription.log_group == group else []
            if chosen:
                self._deliver(subscription.destination_arn, self._envelope(subscription, group, stream, chosen))

    def events(self, group: str) -> list[LogEvent]:
        """Every event of a group, oldest first."""
        return list(self._events.get(group, ()))

    def groups(self) -> list[str]:
        """The names of the groups that have lines."""
        return sorted(self._events)

    def _next_id(self, at: datetime) -> str:
        self._count += 1
        return f"{epoch_ms(at):020d}{self._count:036d}"

    def _envelope(
        self, subscription: LogSubscription, group: str, stream: str, events: list[LogEvent]
    ) -> dict[str, Any]:
        data = {
            "messageType": "DATA_MESSAGE",
            "owner": self._account.account_id,
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": [subscription.name],
            "logEvents": [{"id": one.id, "timestamp": epoch_ms(one.at), "message": one.message} for one in events],
        }
        packed = gzip.compress(json.dumps(data).encode(), mtime=0)
        return {"awslogs": {"data": base64.b64encode(packed).decode()}}
