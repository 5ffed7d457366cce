"""What a law may use: its size, its seed, and a count of what it tried.

A law is a property test marked `law`. A usual run holds a small form of each; `make laws` runs them at full size and
prints what each tried. All seeds come of one, which is printed: `make laws SEED=7` and `make test SEED=7` repeat a run.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")
FULL = os.environ.get("SCORELET_LAWS") == "full"
SEED = "SCORELET_SEED"


def full_or(full: T, small: T) -> T:
    """The first at full size, the second in a usual run."""
    return full if FULL else small


def seed_of_run() -> int:
    """The seed of all seeds; drawn once and left in the environment, which the processes of a run share."""
    return int(os.environ.setdefault(SEED, str(random.randrange(2**32))))


@dataclass(slots=True)
class Law:
    """One law in this run: a seed of its own, and how many cases it has tried."""

    seed: int
    tried: int = 0

    @classmethod
    def of(cls, name: str, seed: int | None = None) -> Law:
        """The law of a test. Its seed comes of the run's and of its name, unless it is always the same one.

        >>> Law.of("a", 7), Law.of("a").seed == Law.of("a").seed, Law.of("a").seed == Law.of("b").seed
        (Law(seed=7, tried=0), True, False)
        """
        return cls(zlib.crc32(f"{seed_of_run()} {name}".encode()) if seed is None else seed)

    def chance(self) -> random.Random:
        """Chance that is the same in every run of this seed."""
        return random.Random(self.seed)

    def seeds(self, full: int, small: int) -> Iterator[int]:
        """A seed for each case, which counts as tried once the next one is asked for."""
        return self.each(range(self.seed, self.seed + full_or(full, small)))

    def each(self, cases: Iterable[T]) -> Iterator[T]:
        """The cases, each counted once the next one is asked for."""
        for case in cases:
            yield case
            self.tried += 1

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The function, each of its calls counted as a case."""

        @wraps(call)
        def count(*arguments: Any, **named: Any) -> Any:
            found = call(*arguments, **named)
            self.tried += 1
            return found

        return count


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one law, or of one of its parameters."""

    name: str
    tried: int
    seconds: float
    held: bool

    @property
    def lost(self) -> int:
        """A test ends with the first case that breaks the law."""
        return int(not self.held)


def account(found: Sequence[Verdict], seed: int) -> list[str]:
    """What a run says of its laws: at full size, or where one is broken, a line for each; in all sizes the sum."""
    by_law: dict[str, list[Verdict]] = {}
    for verdict in sorted(found, key=lambda v: v.name):
        by_law.setdefault(verdict.name.partition("[")[0], []).append(verdict)
    total = f"{len(by_law)} laws, {_tried(found):,} cases tried, {_lost(found)} lost; {SEED}={seed}"
    if not (FULL or _lost(found)):
        return [total]
    lines = [
        f"{_tried(parts):>11,}  {_lost(parts):>4}  {sum(v.seconds for v in parts):>9,.1f}  {name}"
        for name, parts in by_law.items()
    ]
    return [f"{'tried':>11}  {'lost':>4}  {'seconds':>9}  law", *lines, total]


def _tried(found: Sequence[Verdict]) -> int:
    return sum(verdict.tried for verdict in found)


def _lost(found: Sequence[Verdict]) -> int:
    return sum(verdict.lost for verdict in found)
