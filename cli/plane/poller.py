"""Carries messages from a queue to its function in batches, and honours partial answers."""

from __future__ import annotations

import json
from typing import Any

from cli.plane import patterns
from cli.plane.clock import Clock
from cli.plane.queues import Message, Queue, lambda_record
from cli.plane.runtime import Outcome, Runtime
from cli.plane.template.functions import QueueTrigger


class Poller:
    """One event source mapping."""

    def __init__(self, trigger: QueueTrigger, queue: Queue, runtime: Runtime, clock: Clock, region: str) -> None:
        self.trigger = trigger
        self.queue = queue
        self._runtime = runtime
        self._clock = clock
        self._region = region

    def poll(self) -> bool:
        """Deliver one batch; False when nothing is visible.

        Messages that failed stay hidden until their visibility timeout, as with the real poller.
        """
        batch = self.queue.receive(self.trigger.batch_size, self._clock.now())
        if not batch:
            return False
        wanted = [message for message in batch if self._passes(message)]
        failed: set[str] = set()
        if wanted:
            event = {"Records": [lambda_record(message, self.queue, self._region) for message in wanted]}
            failed = self._failed(self._runtime.invoke(self.trigger.function_name, event), wanted)
        for message in batch:
            if message.id not in failed:
                self.queue.delete(message.receipt)
        return True

    def _passes(self, message: Message) -> bool:
        if not self.trigger.patterns:
            return True
        try:
            body: Any = json.loads(message.body)
        except ValueError:
            body = message.body
        return any(patterns.matches(json.loads(one), {"body": body}) for one in self.trigger.patterns)

    def _failed(self, outcome: Outcome, batch: list[Message]) -> set[str]:
        everything = {message.id for message in batch}
        if outcome.error is not None:
            return everything
        if not self.trigger.reports_item_failures:
            return set()
        return item_failures(outcome.payload, everything)


def item_failures(answer: Any, batch: set[str]) -> set[str]:
    """The message ids that a partial batch answer gives back; a malformed answer gives the whole batch back."""
    if answer in (None, {}):
        return set()
    if not isinstance(answer, dict):
        return batch
    listed = answer.get("batchItemFailures")
    if listed in (None, []):
        return set()
    if not isinstance(listed, list):
        return batch
    ids = {one.get("itemIdentifier") if isinstance(one, dict) else None for one in listed}
    return {str(one) for one in ids} if ids <= batch else batch
