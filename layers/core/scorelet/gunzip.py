"""A gzip stream as a file to read from, in bounded memory, that refuses to be a bomb."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from typing import Any

from scorelet.csv_records import Readable
from scorelet.errors import UnreadableFile

MAGIC = b"\x1f\x8b"
MOST_RATIO = 200  # tables of numbers pack about 4 to 10 times, the dullest tables we have seen 120 times
ALWAYS_FINE = 64 << 20  # bytes that may come of any file
_STEP = 1 << 16


@dataclass(slots=True)
class Gunzip:
    """Reads what `file` unpacks to, all members of it. Raises UnreadableFile for what is no whole gzip, or a bomb.

    Zeros behind a member are padding, as for gzip itself; anything else there is damage. `cut`: the end of the file is
    not there, and need not be.
    """

    file: Readable
    cut: bool = False
    _inflate: Any = field(default_factory=lambda: zlib.decompressobj(31))
    _rest: bytes = b""
    _in: int = 0
    _out: int = 0
    _ended: bool = False

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        pieces: list[bytes] = []
        wanted = size
        while wanted and not self._ended:
            piece = self._next(wanted)
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _next(self, most: int) -> bytes:
        """A piece of at most `most` bytes, also an empty one before the end."""
        if self._inflate.eof:
            self._rest = self._rest.lstrip(b"\0")
        if not self._rest:
            self._rest = self.file.read(_STEP)
            self._in += len(self._rest)
            if not self._rest:
                return self._end()
        if self._inflate.eof:
            self._rest = self._rest.lstrip(b"\0")
            if not self._rest:
                return b""
            self._inflate = zlib.decompressobj(31)
        return self._unpacked(most)

    def _end(self) -> bytes:
        if not (self._inflate.eof or self.cut):
            raise UnreadableFile("the file is a gzip that ends in the middle")
        self._ended = True
        return b""

    def _unpacked(self, most: int) -> bytes:
        try:
            piece: bytes = self._inflate.decompress(self._rest, most)
        except zlib.error as error:
            raise UnreadableFile(f"the file is a damaged gzip: {error}") from error
        self._rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        self._out += len(piece)
        if self._out > max(ALWAYS_FINE, MOST_RATIO * self._in):
            raise UnreadableFile(f"the file unpacks to more than {MOST_RATIO} times its size")
        return piece


def unpacked_head(head: bytes, size: int) -> bytes:
    """At most `size` bytes of what a file that begins so unpacks to; raises UnreadableFile for damage in it."""
    file, found = Gunzip(io.BytesIO(head), cut=True), b""
    while len(found) < size and (piece := file.read(min(_STEP, size - len(found)))):
        found += piece
    return found
