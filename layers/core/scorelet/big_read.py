"""Ranges of the object that a job is about: this very state of it, and never a byte less than asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scorelet.big_job import Job
from scorelet.errors import OVERWRITTEN, EventError, ObjectChanged, ScoreletError
from scorelet.store import ObjectStore, RangeReader


class ShortRead(ScoreletError):
    """The store ended a range early."""

    code = "short_read"
    remedy = "The step is repeated; should it go on, look at the store."


@contextmanager
def open_range(store: ObjectStore, job: Job, begin: int, end: int) -> Iterator[Exactly]:
    """Bytes [begin, end) of the object, which has them; raises ObjectMissing, ObjectChanged, EventError."""
    obj = job.obj
    with store.open_range(obj.bucket, obj.key, begin, end, obj.version_id, obj.etag or None) as file:
        if obj.etag and file.etag != obj.etag:
            raise ObjectChanged(OVERWRITTEN)
        if file.size != obj.size:
            raise EventError("the event names another size than the object has")
        yield Exactly(file, end - begin)


def read_range(store: ObjectStore, job: Job, begin: int, end: int) -> bytes:
    """Bytes [begin, end) of the object, as far as it goes."""
    with open_range(store, job, begin, min(end, job.obj.size)) as file:
        pieces = iter(lambda: file.read(1 << 20), b"")
        return b"".join(pieces)


@dataclass(slots=True)
class Exactly:
    """Gives all `left` bytes or raises ShortRead."""

    file: RangeReader
    left: int

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        fresh = self.file.read(min(size, self.left)) if self.left else b""
        if self.left and not fresh:
            raise ShortRead(f"{self.left} bytes of a range did not come")
        self.left -= len(fresh)
        return fresh
