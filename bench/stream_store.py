"""An object store for files that are never anywhere as a whole: rows are generated where they are read.

The source is a block of rows said again and again, so any range of it is known at once. Outputs are counted and let
go; the lists and results of a run, which are small, are kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scorelet.errors import ObjectMissing
from scorelet.store import Blob, ObjectInfo

OCTETS = "application/octet-stream"
ETAG = "stream"
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class StreamedCsv:
    """`size` bytes: a header, then `block` again and again, cut at the end of a row."""

    header: bytes
    block: bytes
    size: int

    @classmethod
    def of_rows(cls, header: bytes, block: bytes, rows: int) -> StreamedCsv:
        """The file with so many rows."""
        ends = [0]
        while found := block.find(b"\n", ends[-1]) + 1:
            ends.append(found)
        whole, rest = divmod(rows, len(ends) - 1)
        return cls(header, block, len(header) + whole * len(block) + ends[rest])

    def read(self, begin: int, end: int) -> bytes:
        """Bytes [begin, end), or those of them that there are."""
        end, pieces = min(end, self.size), []
        while begin < end:
            if begin < len(self.header):
                piece = self.header[begin:end]
            else:
                place = (begin - len(self.header)) % len(self.block)
                piece = self.block[place : place + end - begin]
            pieces.append(piece)
            begin += len(piece)
        return b"".join(pieces)


@dataclass(slots=True)
class _Range:
    source: StreamedCsv
    place: int
    end: int
    etag: str = ETAG

    @property
    def size(self) -> int:
        return self.source.size

    def read(self, size: int, /) -> bytes:
        fresh = self.source.read(self.place, min(self.place + size, self.end))
        self.place += len(fresh)
        return fresh


@dataclass(slots=True)
class StreamStore:
    """One source under `key`; everything else is what was put."""

    key: str
    source: StreamedCsv
    written_bytes: int = 0
    _kept: dict[str, bytes] = field(default_factory=dict)

    def get(self, bucket: str, key: str, version_id: str | None = None) -> Blob:  # noqa: ARG002 - one state only
        if key not in self._kept:
            raise ObjectMissing(f"s3://{bucket}/{key} does not exist")
        return Blob(self._kept[key], ETAG)

    def get_small(self, bucket: str, key: str, most_bytes: int) -> bytes:  # noqa: ARG002 - whoever benches knows
        return self.get(bucket, key).body

    def download(self, bucket: str, key: str, path: Path, version_id: str | None = None) -> ObjectInfo:  # noqa: ARG002
        with path.open("wb") as file:
            for place in range(0, self.source.size, PIECE):
                file.write(self.source.read(place, place + PIECE))
        return ObjectInfo(key, self.source.size, ETAG)

    @contextmanager
    def open_range(
        self,
        bucket: str,  # noqa: ARG002 - a store's contract
        key: str,  # noqa: ARG002 - there is one source
        begin: int,
        end: int,
        version_id: str | None = None,  # noqa: ARG002 - one state only
        etag: str | None = None,  # noqa: ARG002 - the reader compares it
    ) -> Iterator[_Range]:
        yield _Range(self.source, begin, min(end, self.source.size))

    def exists(self, bucket: str, key: str) -> bool:  # noqa: ARG002 - a store's contract
        return key in self._kept

    def metadata(self, bucket: str, key: str, version_id: str | None = None) -> dict[str, str]:  # noqa: ARG002
        return {}

    def put(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> str:  # noqa: ARG002
        if isinstance(body, Path):
            with body.open("rb") as file:
                while piece := file.read(PIECE):
                    self.written_bytes += len(piece)
        else:
            self._kept[key] = body
        return ETAG

    def put_if_absent(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> bool:
        if key in self._kept:
            return False
        self.put(bucket, key, body, content_type)
        return True

    def put_if_match(self, bucket: str, key: str, body: bytes, etag: str, content_type: str = OCTETS) -> str:  # noqa: ARG002
        return self.put(bucket, key, body, content_type)

    def get_if_changed(self, bucket: str, key: str, etag: str) -> Blob | None:
        blob = self.get(bucket, key)
        return None if blob.etag == etag else blob

    def list(self, bucket: str, prefix: str) -> Iterator[ObjectInfo]:  # noqa: ARG002 - a store's contract
        yield from (ObjectInfo(k, len(v), ETAG) for k, v in sorted(self._kept.items()) if k.startswith(prefix))
