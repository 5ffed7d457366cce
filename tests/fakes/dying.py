"""A store whose user is killed before or after its n-th call, as Lambda kills a worker: nothing is cleaned up after."""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.store import MemoryStore


class Killed(BaseException):
    """Not an Exception, so nothing that catches errors can survive it."""


@dataclass
class DyingStore:
    """Passes every call on to `store` and counts it. `die_before` and `die_after` number the calls from 0."""

    store: MemoryStore
    die_before: int | None = None
    die_after: int | None = None
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            number = len(self.calls)
            self.calls.append(name)
            if number == self.die_before:
                raise Killed
            try:
                return method(*args, **kwargs)
            finally:  # also after a call that failed
                if number == self.die_after:
                    raise Killed

        return call
