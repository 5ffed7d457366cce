"""Two workers that take turns at every call to a store, in an order that the test chooses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.fakes.store import MemoryStore

Choose = Callable[[Sequence[int]], int]


def take_turns(store: MemoryStore, choose: Choose, work: Callable[[Any], Any]) -> list[Any]:
    """What `work`, given a store, returns to each of two workers that do it at once; `choose` says whose turn it is."""
    turns, results = _Turns(store, choose), [None, None]

    def run(worker: int) -> None:
        try:
            results[worker] = work(turns.of(worker))
        finally:
            turns.leave(worker)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


class EveryOrder:
    """Every order of turns there is: each run goes back to the last turn that can still be given to the other worker.

    The two are alike, so the first turn is always the first one's.
    """

    def __init__(self) -> None:
        self._path: list[tuple[int, int]] = []  # at each turn, which of the waiting was chosen, and how many could be
        self._turn = 0

    def __iter__(self) -> Iterator[Choose]:
        while True:
            self._turn = 0
            yield self._choose
            while self._path and self._path[-1][0] + 1 == self._path[-1][1]:
                self._path.pop()
            if not self._path:
                return
            chosen, options = self._path.pop()
            self._path.append((chosen + 1, options))

    def _choose(self, waiting: Sequence[int]) -> int:
        if self._turn == len(self._path):
            self._path.append((0, len(waiting) if self._path else 1))
        self._turn += 1
        return waiting[self._path[self._turn - 1][0]]


class _Turns:
    """Lets one worker do one store call at a time. Nobody is chosen before all that still work wait."""

    def __init__(self, store: MemoryStore, choose: Choose) -> None:
        self._store, self._choose = store, choose
        self._working, self._waiting, self._chosen = {0, 1}, set[int](), -1
        self._condition = threading.Condition()

    def of(self, worker: int) -> Any:
        """The store as one worker sees it."""
        turns = self

        class Mine:
            def __getattr__(self, name: str) -> Any:
                def call(*args: Any, **kwargs: Any) -> Any:
                    turns._wait(worker)
                    try:
                        return getattr(turns._store, name)(*args, **kwargs)
                    finally:
                        turns._done()

                return call

        return Mine()

    def leave(self, worker: int) -> None:
        """A worker has finished, and nobody waits for it any more."""
        with self._condition:
            self._working.discard(worker)
            self._draw()

    def _wait(self, worker: int) -> None:
        with self._condition:
            self._waiting.add(worker)
            self._draw()
            if not self._condition.wait_for(lambda: self._chosen == worker, timeout=60):
                raise TimeoutError("the other worker neither called the store nor finished")
            self._waiting.discard(worker)

    def _done(self) -> None:
        with self._condition:
            self._chosen = -1
            self._draw()

    def _draw(self) -> None:
        if self._chosen < 0 and self._waiting and self._waiting == self._working:
            self._chosen = self._choose(sorted(self._waiting))
        self._condition.notify_all()
