"""Standard output of the invocation under way; whatever other threads print goes where it always went.

The streams are one pair for the whole process: a logger made in one invocation holds on to `sys.stdout`, and
must still reach the log of a later one.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class _Stream(io.TextIOBase):
    def __init__(self, fallback: str) -> None:
        self._fallback = fallback
        self._thread: int | None = None
        self._buffer: io.StringIO | None = None

    def start(self, buffer: io.StringIO) -> None:
        self._thread, self._buffer = threading.get_ident(), buffer

    def stop(self) -> None:
        self._thread = self._buffer = None

    def write(self, text: str) -> int:
        if self._buffer is not None and threading.get_ident() == self._thread:
            return self._buffer.write(text)
        real: TextIO | None = getattr(sys, self._fallback)
        return real.write(text) if real is not None else len(text)

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing is held back."""


_OUT, _ERR = _Stream("__stdout__"), _Stream("__stderr__")


@contextmanager
def captured() -> Iterator[io.StringIO]:
    """Collect what this thread prints, in order, standard error included as Lambda does."""
    buffer = io.StringIO()
    before = sys.stdout, sys.stderr
    _OUT.start(buffer)
    _ERR.start(buffer)
    sys.stdout, sys.stderr = _OUT, _ERR
    try:
        yield buffer
    finally:
        sys.stdout, sys.stderr = before
        _OUT.stop()
        _ERR.stop()
