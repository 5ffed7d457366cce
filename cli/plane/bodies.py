"""The bytes of large objects: written once, into files without a name, and read from there a piece at a time."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

PIECE_BYTES = 1 << 20


class Readable(Protocol):
    """Something to be read once."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class Spool:
    """A file of the temporary folder ($TMPDIR) that nobody sees, gone with the last that refers to it."""

    def __init__(self) -> None:
        with tempfile.TemporaryFile(buffering=0) as file:
            self._fd = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._fd)
        self._size = 0
        self._lock = threading.Lock()

    def reserve(self, size: int) -> Stretch:
        """Room for `size` bytes that no other call is given."""
        with self._lock:
            begin, self._size = self._size, self._size + size
        return Stretch(self, begin, begin + size)

    def write(self, at: int, data: bytes) -> None:
        """Write all of it; raises OSError."""
        left = memoryview(data)
        while left:
            written = os.pwrite(self._fd, left, at)
            left, at = left[written:], at + written

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes."""
        return os.pread(self._fd, size, at)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes [begin, end) of a spool."""

    spool: Spool
    begin: int
    end: int


class Body(io.RawIOBase):
    """An object's bytes, which may lie in several stretches. It is also a file to be read, as moto wants it."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self._stretches = tuple(stretches)
        self.size = sum(one.end - one.begin for one in self._stretches)
        self._place = 0

    @classmethod
    def joined(cls, bodies: Iterable[Body]) -> Body:
        """One after another; nothing is copied."""
        return cls(stretch for body in bodies for stretch in body._stretches)

    def cut(self, begin: int, end: int) -> Body:
        """Bytes [begin, end), as a body of their own; nothing is copied."""
        return Body(_cut(self._stretches, begin, end))

    def pieces(self, begin: int, end: int) -> Iterator[bytes]:
        """Bytes [begin, end), whatever becomes of this object meanwhile."""
        return _pieces(_cut(self._stretches, begin, end))

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go on reading from there."""
        self._place = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        return self._place

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # its name for it is private
        """Some bytes; 0 at the end."""
        piece = next(self.pieces(self._place, min(self._place + len(buffer), self.size)), b"")
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def close(self) -> None:
        """Let go of the bytes."""
        super().close()
        self._stretches = ()


def _cut(stretches: Iterable[Stretch], begin: int, end: int) -> list[Stretch]:
    """What lies at [begin, end) of them, taken as one."""
    found = []
    for one in stretches:
        size = one.end - one.begin
        first, last = one.begin + max(begin, 0), one.begin + min(end, size)
        if first < last:
            found.append(Stretch(one.spool, first, last))
        begin, end = begin - size, end - size
    return found


def _pieces(stretches: Iterable[Stretch]) -> Iterator[bytes]:
    for one in stretches:
        place = one.begin
        while place < one.end:
            piece = one.spool.read(place, min(PIECE_BYTES, one.end - place))
            if not piece:
                raise EOFError("a spool is shorter than what was written into it")
            yield piece
            place += len(piece)


def spooled(source: Readable, size: int, spool: Spool) -> tuple[Body, str]:
    """The next `size` bytes of a stream as a body, and their MD5; raises EOFError where the stream ends early."""
    room, digest = spool.reserve(size), hashlib.md5(usedforsecurity=False)
    place = room.begin
    while place < room.end:
        piece = source.read(min(PIECE_BYTES, room.end - place))
        if not piece:
            raise EOFError(f"{room.end - place} bytes of {size} did not come")
        spool.write(place, piece)
        digest.update(piece)
        place += len(piece)
    return Body([room]), digest.hexdigest()


def md5_of(body: Body) -> str:
    """The MD5 of all of it, in hexadecimal."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in body.pieces(0, body.size):
        digest.update(piece)
    return digest.hexdigest()
