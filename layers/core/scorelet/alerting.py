"""From an alarm's change of state to at most one message, and a rollback where the model is the cause.

alerts/<alarm>/<time>-<state>.json is the record of one change. Whoever creates it owns the change; others stop there.
The owner is known by its invocation's id, which AWS keeps over retries, so an attempt that was killed is taken up by
its own retry. An attempt that failed says so in the record, and anyone may take it up.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from scorelet.alert_message import Buckets, Message, alarm_message, recovery_message
from scorelet.drift_report import read_latest
from scorelet.errors import LostRace
from scorelet.events.alarm import AlarmChange
from scorelet.registry import Registry
from scorelet.rollback import RollbackOutcome, roll_back_if_cause
from scorelet.runbooks import kind_of
from scorelet.store import ObjectStore

JSON = "application/json"


class Topic(Protocol):
    """Where messages go."""

    def send(self, subject: str, body: str) -> None:
        """Deliver one message to whoever subscribed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done about a change: the message, where one was sent, and the rollback, where that was a question."""

    sent: Message | None = None
    rollback: RollbackOutcome | None = None

    def metrics(self) -> dict[str, float]:
        """What CloudWatch is told."""
        return {
            "AlertsSent": float(self.sent is not None),
            "Rollbacks": float(bool(self.rollback and self.rollback.done)),
        }


@dataclass(frozen=True, slots=True)
class Alerts:
    """Handles changes of alarms with these collaborators."""

    store: ObjectStore
    registry: Registry
    topic: Topic
    buckets: Buckets
    alias: str
    rollback: bool

    def handle(self, change: AlarmChange, owner: str) -> Outcome:
        """Send what is to be sent, once for each change; `owner` is this invocation's id, the same over retries."""
        fired_at = self._told_of_alarm(change) if change.state == "OK" else None
        if change.state != "ALARM" and not fired_at:
            return Outcome()
        key = alert_key(change)
        if not self._claim(key, change, owner):
            return Outcome()
        try:
            outcome = self._alarm(change) if change.state == "ALARM" else self._recovery(change, fired_at or "")
        except Exception:
            self._record(key, change, owner, "failed")
            raise
        self._record(key, change, owner, "sent", outcome)
        return outcome

    def _alarm(self, change: AlarmChange) -> Outcome:
        names = (change.name, *change.triggered_by)
        kind = next(filter(None, map(kind_of, names)), None)
        reports = self._drift_reports() if kind == "drift" else []
        rollback = roll_back_if_cause(change, kind, self.registry, enabled=self.rollback, alias=self.alias)
        message = alarm_message(change, kind, self.buckets, reports, rollback)
        self.topic.send(message.subject, message.body)
        return Outcome(message, rollback)

    def _recovery(self, change: AlarmChange, fired_at: str) -> Outcome:
        message = recovery_message(change, fired_at)
        self.topic.send(message.subject, message.body)
        return Outcome(message)

    def _drift_reports(self) -> list[dict[str, Any]]:
        """The newest report of every model that has drifted."""
        reports = (read_latest(self.store, self.buckets.data, name) for name in self.registry.names())
        return [report for report in reports if report.get("drifted")]

    def _claim(self, key: str, change: AlarmChange, owner: str) -> bool:
        """Whether this invocation is the one to act."""
        if self.store.put_if_absent(self.buckets.data, key, _entry(change, owner, "claimed"), JSON):
            return True
        blob = self.store.get(self.buckets.data, key)
        found = json.loads(blob.body)
        if found["status"] == "sent" or (found["status"] == "claimed" and found["owner"] != owner):
            return False
        try:
            self.store.put_if_match(self.buckets.data, key, _entry(change, owner, "claimed"), blob.etag, JSON)
        except LostRace:
            return False
        return True

    def _record(self, key: str, change: AlarmChange, owner: str, status: str, outcome: Outcome | None = None) -> None:
        self.store.put(self.buckets.data, key, _entry(change, owner, status, outcome), JSON)

    def _told_of_alarm(self, change: AlarmChange) -> str | None:
        """When the newest message before this change was sent, if it told of an alarm and not of a recovery."""
        keys = [info.key for info in self.store.list(self.buckets.data, _alarm_prefix(change))]
        before = [key for key in keys if key < alert_key(change)]
        if not before:
            return None
        found = json.loads(self.store.get(self.buckets.data, before[-1]).body)
        return str(found["time"]) if (found["state"], found["status"]) == ("ALARM", "sent") else None


def alert_key(change: AlarmChange) -> str:
    """The record of one change of one alarm, whatever envelope it came in; keys sort by time."""
    return f"{_alarm_prefix(change)}{change.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}-{change.state}.json"


def _alarm_prefix(change: AlarmChange) -> str:
    identity = hashlib.sha256(f"{change.account}/{change.region}/{change.name}".encode()).hexdigest()[:8]
    return f"alerts/{re.sub(r'[^A-Za-z0-9_-]', '_', change.name)[:100]}-{identity}/"


def _entry(change: AlarmChange, owner: str, status: str, outcome: Outcome | None = None) -> bytes:
    document: dict[str, Any] = {
        "alarm": change.name,
        "state": change.state,
        "time": _iso(change.time),
        "owner": owner,
        "status": status,
    }
    if outcome and outcome.sent:
        document |= {"subject": outcome.sent.subject, "body": outcome.sent.body}
    if outcome and outcome.rollback:
        document |= {"rollback": outcome.rollback.sentence, "rolled_back": outcome.rollback.done}
    return (json.dumps(document, indent=1) + "\n").encode()


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
