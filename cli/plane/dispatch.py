"""Sends a payload to whatever an ARN names: function, queue, topic, bus or log group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.plane.async_calls import AsyncCalls
from cli.plane.bus import Bus
from cli.plane.clock import Clock
from cli.plane.notifications import Topics
from cli.plane.queues import Queue
from cli.plane.template.functions import function_name
from cli.plane.template.rules import Target


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A payload that found no taker, and why."""

    arn: str
    payload: Any
    reason: str


class Dispatch:
    """The addresses of the stack. Filled in once everything it knows exists."""

    def __init__(self, queues: Mapping[str, Queue], clock: Clock) -> None:
        self.undelivered: list[Undelivered] = []
        self.calls: AsyncCalls
        self.topics: Topics
        self.bus: Bus
        self._queues = queues
        self._clock = clock
        self._functions: set[str] = set()

    def connect(self, calls: AsyncCalls, topics: Topics, bus: Bus, functions: set[str]) -> None:
        """The parts that themselves send, made after this."""
        self.calls, self.topics, self.bus, self._functions = calls, topics, bus, functions

    def to_target(self, target: Target, event: Any) -> None:
        """Send an event to a rule's target, or to the target's dead-letter queue when that cannot be."""
        payload = event if target.fixed_input is None else target.fixed_input
        if target.unsupported:
            self._fail(target.arn, payload, f"the plane does not know {', '.join(target.unsupported)}")
        elif not self._deliver(target.arn, payload) and not self._deliver(target.dead_letter_arn or "", event):
            self._fail(target.arn, payload, "no such target in the stack")

    def to_arn(self, arn: str, payload: Any) -> None:
        """Send a payload; one that nobody takes is remembered in `undelivered`."""
        if not self._deliver(arn, payload):
            self._fail(arn, payload, "no such target in the stack")

    def _deliver(self, arn: str, payload: Any) -> bool:
        service = arn.split(":")[2] if arn.startswith("arn:") else ""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        if service == "lambda" and function_name(arn) in self._functions:
            self.calls.add(function_name(arn), payload)
        elif service == "sqs" and arn in self._queues:
            self._queues[arn].send(text, self._clock.now())
        elif service == "sns":
            self.topics.publish(arn, text, None, self._clock.now())
        elif service == "events":
            self.bus.put(payload, arn)
        else:
            return False
        return True

    def _fail(self, arn: str, payload: Any, reason: str) -> None:
        self.undelivered.append(Undelivered(arn, payload, reason))
