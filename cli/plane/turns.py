"""A lock that is given in the order in which it is asked for, so that a long row of steps lets others in between."""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """Use it in `with`; whoever has it may take it again."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._row: deque[int] = deque()  # threads; the first one has it
        self._depth = 0

    @property
    def waiting(self) -> int:
        """How many want it and do not have it."""
        return max(len(self._row) - 1, 0)

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            if not self._depth or self._row[0] != me:
                self._row.append(me)
                self._changed.wait_for(lambda: self._row[0] == me)
            self._depth += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._depth -= 1
            if not self._depth:
                self._row.popleft()
                self._changed.notify_all()
