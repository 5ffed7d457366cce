"""One Map of the state machine as discrete events: children that start, wait, call a function, talk to S3 and retry.

Every event is on one heap. A child takes state transitions from a token bucket, an environment from the warm ones or
from the ramp of new ones, and for every request to S3 a token of its prefix. Where there is none it waits as the real
one would: a throttled child by the machine's retrier, a slowed request by botocore's. Seeded, so a run can be repeated.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.scale_limits import S3_ATTEMPTS, S3_LONGEST_PAUSE, Assumed, Limits, Retry

Prefix = tuple[str, str]  # GET or PUT, and the first part of the key


@dataclass(frozen=True, slots=True)
class Stage:
    """A request, then seconds of transfer and of one processor until the next."""

    prefix: Prefix
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Setup:
    """How a Map runs."""

    concurrency: int
    limits: Limits = field(default_factory=Limits)
    assumed: Assumed = field(default_factory=Assumed)
    timeout_seconds: float = 300.0
    on_fault: Retry = field(default_factory=lambda: Retry(6))
    on_throttle: Retry = field(default_factory=lambda: Retry(6))
    one_partition: bool = False  # a bucket that S3 has not yet partitioned by prefix


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at a rate, up to a burst. `take` never goes below zero; `book` says when it is due."""

    rate: float
    burst: float
    level: float = math.nan
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def _flow(self, now: float) -> None:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now

    def take(self, now: float) -> bool:
        """Whether there was one."""
        self._flow(now)
        if self.level < 1.0:
            return False
        self.level -= 1.0
        return True

    def book(self, now: float) -> float:
        """Take one, on credit if need be; the seconds until it is there."""
        self._flow(now)
        self.level -= 1.0
        return max(0.0, -self.level / self.rate)


@dataclass(slots=True)
class Found:
    """What a Map did. `failed` says why it stopped before the end; empty where it did not."""

    seconds: float = 0.0
    done: Counter[int] = field(default_factory=Counter)  # how often each item was finished
    calls: int = 0
    call_seconds: float = 0.0  # billed
    longest_call: float = 0.0
    starts: int = 0
    most_calls: int = 0  # at a time
    throttled: int = 0
    faults: int = 0
    timeouts: int = 0
    transitions: int = 0
    most_tries: int = 0  # of one child
    transitions_at_once: int = 0  # the most that were asked for before any came back
    requests: Counter[Prefix] = field(default_factory=Counter)
    slowed: Counter[Prefix] = field(default_factory=Counter)
    most_requests: dict[Prefix, int] = field(default_factory=dict)  # in one second
    failed: str = ""


@dataclass(slots=True)
class _Child:
    item: int
    faults: int = 0
    throttles: int = 0
    stage: int = 0
    tries: int = 0  # of the request under way
    began: float = 0.0
    factor: float = 1.0
    dies_at: int = -1


class MapRun:
    """Runs `items` children of the same stages to the end, or to the first that gives up."""

    def __init__(self, items: int, stages: Sequence[Stage], setup: Setup, warm: int = 0) -> None:
        limits = setup.limits
        self.found = Found()
        self.warm = warm  # environments that wait, before and after
        self._stages, self._setup, self._chance = stages, setup, random.Random(setup.assumed.seed)
        self._heap: list[tuple[float, int, Callable[[_Child], None], _Child]] = []
        self._order, self._now, self._running, self._open = 0, 0.0, 0, 0
        self._waiting = deque(range(items))
        self._most_open = min(setup.concurrency, limits.children)
        self._transitions = Bucket(limits.transitions_a_second, limits.transitions_burst)
        self._ramp = Bucket(limits.environments_a_second, limits.environments_burst)
        self._s3: dict[Prefix, Bucket] = {}
        self._second: Counter[Prefix] = Counter()
        self._second_is = 0

    def run(self) -> Found:
        """What happened."""
        self._fill()
        while self._heap and not self.found.failed:
            self._now, _, then, child = heapq.heappop(self._heap)
            then(child)
        self._close_second()
        self.found.seconds = self._now
        return self.found

    def _later(self, seconds: float, then: Callable[[_Child], None], child: _Child) -> None:
        self._order += 1
        heapq.heappush(self._heap, (self._now + seconds, self._order, then, child))

    def _fill(self) -> None:
        while self._waiting and self._open < self._most_open:
            self._open += 1
            child = _Child(self._waiting.popleft())
            self._later(self._transition(self._setup.assumed.transitions_a_child), self._invoke, child)

    def _transition(self, count: int) -> float:
        """Seconds until the machine may take so many steps."""
        wait = max(self._transitions.book(self._now) for _ in range(count))
        self.found.transitions += count
        asked = math.ceil(self._transitions.burst - self._transitions.level)
        self.found.transitions_at_once = max(self.found.transitions_at_once, asked)
        return wait + self._setup.assumed.invoke_seconds

    def _invoke(self, child: _Child) -> None:
        assumed, start = self._setup.assumed, 0.0
        if self._running >= self._setup.limits.lambda_concurrency or not (self.warm or self._ramp.take(self._now)):
            self._throttle(child)
            return
        if self.warm:
            self.warm -= 1
        else:
            self.found.starts += 1
            start = assumed.start_seconds
        self._running += 1
        self.found.calls += 1
        self.found.most_calls = max(self.found.most_calls, self._running)
        child.stage, child.tries, child.began = 0, 0, self._now
        child.factor = self._chance.lognormvariate(0.0, assumed.work_spread)
        if self._chance.random() < assumed.straggler_share:
            child.factor *= assumed.straggler_factor
        child.dies_at = (
            self._chance.randrange(len(self._stages)) if self._chance.random() < assumed.killed_share else -1
        )
        self._later(start, self._request, child)

    def _throttle(self, child: _Child) -> None:
        self.found.throttled += 1
        self._again(child, self._setup.on_throttle, child.throttles, "throttled by Lambda")
        child.throttles += 1

    def _again(self, child: _Child, retry: Retry, tries: int, why: str) -> None:
        self.found.most_tries = max(self.found.most_tries, tries + 1)
        if tries >= retry.attempts:
            self.found.failed = f"item {child.item} {why} {tries + 1} times"
            return
        pause = retry.pause(tries, self._chance.random())
        self._later(pause + self._transition(1), self._invoke, child)

    def _request(self, child: _Child) -> None:
        if self._now - child.began > self._setup.timeout_seconds:
            self._end_early(child, "ran into the timeout")
            return
        stage, assumed = self._stages[child.stage], self._setup.assumed
        self._count(stage.prefix)
        latency = assumed.request_seconds * self._chance.lognormvariate(0.0, assumed.request_spread)
        if not self._partition(stage.prefix).take(self._now):
            self._slow(child, stage.prefix, latency)
            return
        child.tries = 0
        self._later(latency + stage.seconds * child.factor, self._answered, child)

    def _partition(self, prefix: Prefix) -> Bucket:
        verb, limits = prefix[0], self._setup.limits
        key = (verb, "") if self._setup.one_partition else prefix
        if key not in self._s3:
            rate = limits.s3_gets_a_second if verb == "GET" else limits.s3_puts_a_second
            self._s3[key] = Bucket(rate, rate)
        return self._s3[key]

    def _slow(self, child: _Child, prefix: Prefix, latency: float) -> None:
        """503 Slow Down: botocore waits and asks again, a few times."""
        self.found.slowed[prefix] += 1
        child.tries += 1
        if child.tries >= S3_ATTEMPTS:
            self._end_early(child, "was slowed down by S3")
            return
        pause = self._chance.random() * min(2.0 ** (child.tries - 1), S3_LONGEST_PAUSE)
        self._later(latency + pause, self._request, child)

    def _answered(self, child: _Child) -> None:
        if child.dies_at == child.stage or self._now - child.began > self._setup.timeout_seconds:
            self._end_early(child, "was killed" if child.dies_at == child.stage else "ran into the timeout")
            return
        child.stage += 1
        if child.stage < len(self._stages):
            self._request(child)
            return
        self._release(child)
        self.found.done[child.item] += 1
        self._open -= 1
        self._fill()

    def _end_early(self, child: _Child, why: str) -> None:
        self.found.faults += 1
        self.found.timeouts += "timeout" in why
        self._release(child)
        self._again(child, self._setup.on_fault, child.faults, why)
        child.faults += 1

    def _release(self, child: _Child) -> None:
        """The call is over: it is billed by the millisecond, and its environment waits for another."""
        seconds = min(self._now - child.began, self._setup.timeout_seconds)
        self.found.call_seconds += math.ceil(seconds * 1000) / 1000
        self.found.longest_call = max(self.found.longest_call, seconds)
        self._running -= 1
        self.warm += 1

    def _count(self, prefix: Prefix) -> None:
        if int(self._now) != self._second_is:
            self._close_second()
            self._second_is = int(self._now)
        self._second[prefix] += 1
        self.found.requests[prefix] += 1

    def _close_second(self) -> None:
        for prefix, count in self._second.items():
            self.found.most_requests[prefix] = max(self.found.most_requests.get(prefix, 0), count)
        self._second.clear()
