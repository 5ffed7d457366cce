"""A versioned object store in memory: small, working, and held to the same contract as the one on S3."""

import hashlib
import io
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scorelet.errors import OVERWRITTEN, LostRace, ObjectChanged, ObjectMissing, ObjectTooLarge
from scorelet.store import Blob, ObjectInfo, ObjectState

OCTETS = "application/octet-stream"


@dataclass
class MemoryRange:
    """A range of an object, as a file."""

    size: int
    etag: str
    file: io.BytesIO

    def read(self, size: int, /) -> bytes:
        return self.file.read(size)


@dataclass
class MemoryStore:
    """Every bucket exists. `versions[(bucket, key)]` holds all states of an object, oldest first; `now` dates them."""

    versions: dict[tuple[str, str], list[Blob]] = field(default_factory=dict)
    dates: dict[str | None, float] = field(default_factory=dict)
    now: float = 0.0
    notes: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def get(self, bucket: str, key: str, version_id: str | None = None) -> Blob:
        states = self.versions.get((bucket, key), [])
        found = [b for b in states if version_id in (None, b.version_id)]
        if not found:
            raise ObjectMissing(f"s3://{bucket}/{key} does not exist")
        return found[-1]

    def get_if_changed(self, bucket: str, key: str, etag: str) -> Blob | None:
        blob = self.get(bucket, key)
        return None if blob.etag == etag else blob

    def get_small(self, bucket: str, key: str, most_bytes: int) -> bytes:
        body = self.get(bucket, key).body
        if len(body) > most_bytes:
            raise ObjectTooLarge(f"s3://{bucket}/{key} is larger than {most_bytes} bytes")
        return body

    def download(self, bucket: str, key: str, path: Path, version_id: str | None = None) -> ObjectInfo:
        blob = self.get(bucket, key, version_id)
        path.write_bytes(blob.body)
        return ObjectInfo(key, len(blob.body), blob.etag)

    @contextmanager
    def open_range(
        self, bucket: str, key: str, begin: int, end: int, version_id: str | None = None, etag: str | None = None
    ) -> Iterator["MemoryRange"]:
        blob = self.get(bucket, key, version_id)
        if etag not in (None, blob.etag):
            raise ObjectChanged(OVERWRITTEN)
        yield MemoryRange(len(blob.body), blob.etag, io.BytesIO(blob.body[begin:end]))

    def metadata(self, bucket: str, key: str, version_id: str | None = None) -> Mapping[str, str]:
        self.get(bucket, key, version_id)
        return self.notes.get((bucket, key), {})

    def exists(self, bucket: str, key: str) -> bool:
        return bool(self.versions.get((bucket, key)))

    def put(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> str:
        content = body if isinstance(body, bytes) else body.read_bytes()
        with self._lock:
            blob = Blob(content, hashlib.md5(content).hexdigest(), f"v{next(self._numbers)}")  # noqa: S324 - as S3 does
            self.versions.setdefault((bucket, key), []).append(blob)
            self.dates[blob.version_id] = float(int(self.now))
            return blob.etag

    def put_if_absent(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> bool:
        with self._lock:
            if self.exists(bucket, key):
                return False
            self.put(bucket, key, body, content_type)
            return True

    def put_if_match(self, bucket: str, key: str, body: bytes, etag: str, content_type: str = OCTETS) -> str:
        with self._lock:
            if not self.exists(bucket, key) or self.get(bucket, key).etag != etag:
                raise LostRace(f"s3://{bucket}/{key} has changed")
            return self.put(bucket, key, body, content_type)

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        for state in self.list_states(bucket, prefix, after):
            yield ObjectInfo(state.key, state.size, state.etag, state.modified)

    def list_states(self, bucket: str, prefix: str, after: str = "") -> Iterator[ObjectState]:
        with self._lock:
            mine = [(key, states) for (owner, key), states in self.versions.items() if owner == bucket and states]
        for key, states in sorted(mine, key=lambda pair: pair[0]):
            if key.startswith(prefix) and key > after:
                last, alone = states[-1], len(states) == 1
                modified = self.dates[last.version_id]
                yield ObjectState(key, len(last.body), last.etag, last.version_id, modified, alone)
