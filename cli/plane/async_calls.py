"""Asynchronous calls: tried again after one minute and after two more, then handed to the failure destination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cli.plane.clock import Clock, iso_seconds
from cli.plane.ids import Ids
from cli.plane.runtime import Outcome, Runtime
from cli.plane.template.functions import AsyncPolicy

_WAITS_SECONDS = (60, 120)


@dataclass(frozen=True, slots=True)
class Pending:
    """One call that is to be made at `due`."""

    function_name: str
    event: Any
    request_id: str
    due: datetime
    first_due: datetime
    tries: int = 0


class AsyncCalls:
    """Lambda's internal queue of events."""

    def __init__(
        self,
        runtime: Runtime,
        policies: Mapping[str, AsyncPolicy],
        clock: Clock,
        ids: Ids,
        send: Callable[[str, Any], None],
    ) -> None:
        self.pending: list[Pending] = []
        self._runtime = runtime
        self._policies = policies
        self._clock = clock
        self._ids = ids
        self._send = send

    def add(self, function_name: str, event: Any) -> None:
        """Accept an event; it runs when the stack is pumped."""
        now = self._clock.now()
        self.pending.append(Pending(function_name, event, self._ids.new(), now, now))

    def run_one(self) -> bool:
        """Make the oldest call that is due; False when none is."""
        now = self._clock.now()
        call = next((one for one in self.pending if one.due <= now), None)
        if call is None:
            return False
        self.pending.remove(call)
        outcome = self._runtime.invoke(call.function_name, call.event, call.request_id)
        if outcome.error is not None:
            self._failed(replace(call, tries=call.tries + 1), outcome, now)
        return True

    def next_due(self, after: datetime) -> datetime | None:
        """When the next call is to be made."""
        return min((one.due for one in self.pending if one.due > after), default=None)

    def _failed(self, call: Pending, outcome: Outcome, now: datetime) -> None:
        policy = self._policies.get(call.function_name, AsyncPolicy(call.function_name))
        if call.tries <= policy.max_retries:
            due = now + timedelta(seconds=_WAITS_SECONDS[call.tries - 1])
            if (due - call.first_due).total_seconds() <= policy.max_age_seconds:
                self.pending.append(replace(call, due=due))
                return
        if policy.on_failure_arn:
            self._send(policy.on_failure_arn, self._failure_record(call, outcome))
        dead_letters = self._runtime.functions[call.function_name].dead_letter_arn
        if dead_letters:
            self._send(dead_letters, call.event)

    def _failure_record(self, call: Pending, outcome: Outcome) -> dict[str, Any]:
        arn = self._runtime.functions[call.function_name].arn
        return {
            "version": "1.0",
            "timestamp": iso_seconds(self._clock.now()),
            "requestContext": {
                "requestId": call.request_id,
                "functionArn": f"{arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": call.tries,
            },
            "requestPayload": call.event,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "responsePayload": outcome.error,
        }
