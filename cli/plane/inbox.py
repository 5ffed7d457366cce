"""What AWS calls set off: heard in the endpoint's threads, acted on when the stack is pumped.

A handler waits for its AWS call while the plane waits for the handler: nothing may be acted on inside the call.
"""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from typing import Any

from cli.plane.bus import Bus, Event
from cli.plane.calls import AwsCall, form
from cli.plane.clock import Clock
from cli.plane.notifications import Topics
from cli.plane.s3_events import S3Events
from cli.plane.tap import Response


class Inbox:
    """Calls heard and not yet acted on, in order."""

    def __init__(self, s3: S3Events, clock: Clock) -> None:
        self._waiting: deque[tuple[str, Any, datetime]] = deque()
        self._s3 = s3
        self._clock = clock

    def hear(self, call: AwsCall, response: Response) -> None:
        """Keep what this call sets off, if it succeeded and sets off anything."""
        if not response.ok:
            return
        now = self._clock.now()
        news = self._s3.detail(call, response, now)
        if news is not None:
            self._waiting.append(("s3", news, now))
        elif (call.service, call.operation) == ("events", "PutEvents"):
            self._waiting.extend(("event", entry, now) for entry in json.loads(call.body).get("Entries", []))
        elif (call.service, call.operation) == ("sns", "Publish"):
            self._waiting.append(("sns", form(call.body), now))

    def forget(self) -> int:
        """Lose all that waits, as delivery that is not promised may; returns how much it was."""
        lost = len(self._waiting)
        self._waiting.clear()
        return lost

    def tell(self, event: Event) -> None:
        """An event that AWS itself makes."""
        self._waiting.append(("aws", event, self._clock.now()))

    def act(self, bus: Bus, topics: Topics) -> bool:
        """Act on one of them; False when none is waiting."""
        if not self._waiting:
            return False
        kind, what, at = self._waiting.popleft()
        if kind == "s3":
            detail_type, detail = what
            bucket = f"arn:aws:s3:::{detail['bucket']['name']}"
            bus.put(bus.event("aws.s3", detail_type, detail, at, [bucket]))
        elif kind == "aws":
            bus.put(what)
        elif kind == "event":
            bus.put(_custom(bus, what, at), what.get("EventBusName", "default"))
        else:
            target = what.get("TopicArn") or what.get("TargetArn", "")
            topics.publish(target, what.get("Message", ""), what.get("Subject"), at, _attributes(what))
        return True


def _custom(bus: Bus, entry: dict[str, Any], at: datetime) -> dict[str, Any]:
    stamp = entry.get("Time")
    moment = at if stamp is None else datetime.fromtimestamp(float(stamp), UTC)
    detail = json.loads(entry.get("Detail", "{}"))
    return bus.event(entry.get("Source", ""), entry.get("DetailType", ""), detail, moment, entry.get("Resources", ()))


def _attributes(parameters: dict[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in parameters.items():
        if name.startswith("MessageAttributes.entry.") and name.endswith(".Name"):
            root = name.removesuffix(".Name")
            kind = parameters.get(f"{root}.Value.DataType", "String")
            out[value] = {"Type": kind, "Value": parameters.get(f"{root}.Value.StringValue", "")}
    return out
