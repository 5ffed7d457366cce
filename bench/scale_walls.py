"""Every limit beside what a run uses of it, and the size of file at which those that grow with it are met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.scale_limits import Limits
from bench.scale_rates import MB, Rates
from bench.scale_run import GET, PUT, Outcome, Plan, fan_in, score_stages

DISK_MB = 2048 * 1.048576  # EphemeralStorage of the template
SAMPLE = 10_000  # shards; cutting and finishing take as much longer as there are more
LONGEST = 1e15  # bytes: no file is
SHORTER = "ShardBytes"
ROOM = "ShardBytes, BatchMemoryMb"


@dataclass(frozen=True, slots=True)
class Near:
    """A limit, how much of it a run used, and what moves it."""

    name: str
    used: float
    limit: float
    moved_by: str

    @property
    def share(self) -> float:
        """1 is the limit."""
        return self.used / self.limit


def growing(plan: Plan, rates: Rates) -> list[Near]:
    """The limits that a longer file comes nearer to, reckoned without playing the Maps through."""
    limits, timeout, shards = plan.setup.limits, plan.setup.timeout_seconds, plan.shards
    sample = replace(plan, size=SAMPLE * plan.shard_bytes)
    cut, finish = (fan_in(sample, s).seconds * shards / SAMPLE for s in (rates.cut_seconds, rates.finish_seconds))
    slow = sum(stage.seconds for stage in score_stages(plan, rates)) * plan.setup.assumed.straggler_factor
    return [
        Near("bytes of a Map's output", 3 * shards + 1, limits.state_bytes, SHORTER),
        Near("seconds of the call that cuts", cut, timeout, SHORTER),
        Near("seconds of the call that finishes", finish, timeout, SHORTER),
        Near("MiB of the call that finishes", rates.score_mib + shards * rates.finish_kib / 1024, plan.memory_mb, ROOM),
        Near("MB on disk of a scoring call", plan.shard_mb * rates.written_share, DISK_MB, SHORTER),
        Near("seconds of a slow scoring call", slow, timeout, ROOM),
        Near("bytes of the object", plan.size, limits.object_bytes, "fixed"),
    ]


def limits_of(outcome: Outcome, rates: Rates) -> list[Near]:
    """Every limit, those that grow with the file and those that grow with the number of children."""
    plan, limits = outcome.plan, outcome.plan.setup.limits
    maps = (outcome.measured, outcome.scored)
    at_once = min(plan.setup.concurrency, plan.shards)
    calls = max(found.most_calls for found in maps)
    events = plan.setup.assumed.events_a_child + 4 * max(found.most_tries for found in maps)
    asked = max(found.transitions_at_once for found in maps)
    return [
        Near("Lambda calls at a time", calls, limits.lambda_concurrency, "a quota request; MapMaxConcurrency"),
        Near("Map Run children at a time", at_once, limits.children, "fixed"),
        Near("environments asked for at once", at_once, limits.environments_burst, "fixed; they are retried"),
        Near("state transitions asked for at once", asked, limits.transitions_burst, "a quota request; they wait"),
        Near("history events of a child", events, limits.history_events, "retries"),
        *growing(plan, rates),
        *_request_rates(outcome, limits),
    ]


def _request_rates(outcome: Outcome, limits: Limits) -> list[Near]:
    most: dict[tuple[str, str], int] = {}
    for found in (outcome.measured, outcome.scored):
        for prefix, count in found.most_requests.items():
            most[prefix] = max(most.get(prefix, 0), count)
    allowed = {GET: limits.s3_gets_a_second, PUT: limits.s3_puts_a_second}
    return [
        Near(f"{verb}/s under {prefix}/", count, allowed[verb], "MapMaxConcurrency, ShardBytes")
        for (verb, prefix), count in sorted(most.items())
    ]


def walls(plan: Plan, rates: Rates, shard_bytes: Callable[[int], int]) -> dict[str, float]:
    """For each growing limit the size of file, in bytes, that meets it; `LONGEST` where none does."""

    def shares(size: float) -> dict[str, float]:
        longer = replace(plan, size=round(size), shard_bytes=shard_bytes(round(size)))
        return {near.name: near.share for near in growing(longer, rates)}

    return {name: _met(lambda size, name=name: shares(size)[name]) for name in shares(MB)}  # type: ignore[misc]  # a default that binds


def _met(share: Callable[[float], float]) -> float:
    """By halving; a share only grows with the size."""
    low, high = float(MB), LONGEST
    if share(high) < 1:
        return LONGEST
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if share(middle) < 1 else (low, middle)
    return low
