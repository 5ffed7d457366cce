"""What the state machine asks of the batch function: one step of a big file's run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorelet.big_job import Job
from scorelet.errors import EventError

STEPS = ("measure", "cut", "score", "finish", "failed")


@dataclass(frozen=True, slots=True)
class Step:
    """A step's name, the job, and what of it: a range to measure, a shard to score, a failure to explain."""

    name: str
    job: Job
    item: Mapping[str, Any]


def read_step(event: Mapping[str, Any]) -> Step:
    """Read an event such as {"step": "score", "job": {…}, "item": {…}}; raises EventError."""
    name, item = event["step"], event.get("item", {})
    if name not in STEPS or not isinstance(item, Mapping) or not isinstance(event.get("job"), Mapping):
        raise EventError(f"not a step of a big file's run: {name!r}")
    return Step(name, Job.from_json(event["job"]), item)
