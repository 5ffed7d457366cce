"""A whole run of one big file, simulated: measure, cut, score, finish; its time and its bill."""

from __future__ import annotations

import heapq
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scorelet.big_job import READERS

from bench.scale_map import Found, MapRun, Setup, Stage
from bench.scale_rates import MB, Rates

PARENT_TRANSITIONS = 8  # two Maps, three tasks, a choice and an end, with one to spare
GET, PUT = "GET", "PUT"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run, and how."""

    size: int  # bytes
    shard_bytes: int
    memory_mb: int
    setup: Setup

    @property
    def shards(self) -> int:
        """How many; the run has as many ranges as shards."""
        return max(1, -(-self.size // self.shard_bytes))

    @property
    def shard_mb(self) -> float:
        """Megabytes of one of them."""
        return self.size / self.shards / MB

    @property
    def processors(self) -> float:
        """What a call has of one processor. More than one is not counted on: most of the work is one thread's."""
        return min(1.0, self.memory_mb / self.setup.limits.processor_mb)


@dataclass(frozen=True, slots=True)
class Call:
    """One of the two calls that read a small object for each shard."""

    seconds: float
    gets: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan."""

    plan: Plan
    rows: float
    measured: Found
    cut: Call
    scored: Found
    finished: Call

    @property
    def failed(self) -> str:
        """Why the run stopped; empty where it did not."""
        limit = self.plan.setup.timeout_seconds
        late = [name for name, call in (("cut", self.cut), ("finish", self.finished)) if call.seconds > limit]
        full = self.state_bytes > self.plan.setup.limits.state_bytes
        return (
            self.measured.failed
            or ("the answers of the children are more than 256 KiB" if full else "")
            or self.scored.failed
            or (f"the step {late[0]} ran into the timeout" if late else "")
        )

    @property
    def state_bytes(self) -> int:
        """A Map's output: {} of every child, with commas and brackets."""
        return 3 * self.plan.shards + 1

    @property
    def seconds(self) -> float:
        """From the first call to the manifest."""
        return self.measured.seconds + self.cut.seconds + self.scored.seconds + self.finished.seconds

    @property
    def gb_seconds(self) -> float:
        """What Lambda bills for time."""
        seconds = self.measured.call_seconds + self.scored.call_seconds + self.cut.seconds + self.finished.seconds
        return seconds * self.plan.memory_mb / 1024

    @property
    def calls(self) -> int:
        """Invocations, those of the steps outside the Maps too."""
        return self.measured.calls + self.scored.calls + 3

    @property
    def transitions(self) -> int:
        """State transitions, the parent's too."""
        return self.measured.transitions + self.scored.transitions + PARENT_TRANSITIONS

    def requests(self, verb: str) -> int:
        """Requests to S3, refused ones too."""
        mapped = sum(n for f in (self.measured, self.scored) for (v, _), n in f.requests.items() if v == verb)
        return mapped + (self.cut.gets + self.finished.gets if verb == GET else 2)


def simulate(plan: Plan, rates: Rates) -> Outcome:
    """Run it."""
    first = MapRun(plan.shards, measure_stages(plan, rates), plan.setup)
    measured = first.run()
    second = MapRun(plan.shards, score_stages(plan, rates), plan.setup, warm=first.warm)
    return Outcome(
        plan,
        plan.size / MB * rates.rows_a_mb,
        measured,
        fan_in(plan, rates.cut_seconds),
        second.run(),
        fan_in(plan, rates.finish_seconds),
    )


def measure_stages(plan: Plan, rates: Rates) -> list[Stage]:
    """Is it done; read the range, then look; write what was found."""
    read, work = _transfer(plan, plan.shard_mb), rates.measure_seconds_a_mb * plan.shard_mb / plan.processors
    return [Stage((GET, "runs")), Stage((GET, "incoming"), read + work), Stage((PUT, "runs"))]


def score_stages(plan: Plan, rates: Rates) -> list[Stage]:
    """Is it done; the header; the shard, scored as it comes; its parts and its result."""
    read, work = _transfer(plan, plan.shard_mb), rates.score_seconds_a_mb * plan.shard_mb / plan.processors
    written = _transfer(plan, plan.shard_mb * rates.written_share)
    return [
        Stage((GET, "runs")),
        Stage((GET, "incoming"), _transfer(plan, 1.0)),
        Stage((GET, "incoming"), read + work),
        Stage((PUT, "scored"), written),
        Stage((PUT, "rejected")),
        Stage((PUT, "runs")),
    ]


def _transfer(plan: Plan, megabytes: float) -> float:
    return megabytes / plan.setup.assumed.transfer_mb_a_second


def fan_in(plan: Plan, seconds_a_shard: float) -> Call:
    """One call that reads an object for each shard with some readers, which share one interpreter."""
    assumed, chance = plan.setup.assumed, random.Random(plan.setup.assumed.seed)

    def latency() -> float:
        return assumed.request_seconds * chance.lognormvariate(0.0, assumed.request_spread)

    arriving, now = sorted(latency() for _ in range(READERS)), 0.0
    for _ in range(plan.shards):
        now = max(now, heapq.heappop(arriving)) + seconds_a_shard / plan.processors
        heapq.heappush(arriving, now + latency())
    return Call(now + 2 * assumed.request_seconds, plan.shards + 2)


def bill(outcome: Outcome, prices: Mapping[str, Any], architecture: str) -> dict[str, float]:
    """Dollars, item by item. Storage and log lines are not in it."""
    price = prices["lambda"]
    return {
        "Lambda": outcome.gb_seconds * price["gb_second"][architecture]
        + outcome.calls * price["million_requests"] / 1e6,
        "Step Functions": outcome.transitions * prices["step_functions"]["million_transitions"] / 1e6,
        "S3 requests": outcome.requests(GET) * prices["s3"]["million_reads"] / 1e6
        + outcome.requests(PUT) * prices["s3"]["million_writes"] / 1e6,
    }


def with_concurrency(plan: Plan, children: int, lambda_concurrency: int) -> Plan:
    """The same with another MapMaxConcurrency, in an account with so many calls at a time."""
    limits = replace(plan.setup.limits, lambda_concurrency=lambda_concurrency)
    return replace(plan, setup=replace(plan.setup, concurrency=children, limits=limits))
