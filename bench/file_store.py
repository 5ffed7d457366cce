"""An object store of plain files, for benchmarks: every call moves the bytes that a network would."""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from scorelet.errors import LostRace, ObjectMissing
from scorelet.store import Blob, ObjectInfo, RangeReader

OCTETS = "application/octet-stream"


class _Range(io.BytesIO):
    def __init__(self, body: bytes, size: int, etag: str) -> None:
        super().__init__(body)
        self.size, self.etag = size, etag


class FileStore:
    """One state per object; its ETag is the file's size and time."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, bucket: str, key: str) -> Path:
        return self._root / bucket / key

    def _found(self, bucket: str, key: str) -> Path:
        path = self._path(bucket, key)
        if not path.is_file():
            raise ObjectMissing(f"s3://{bucket}/{key} does not exist")
        return path

    def get(self, bucket: str, key: str, version_id: str | None = None) -> Blob:  # noqa: ARG002 - one state only
        path = self._found(bucket, key)
        return Blob(path.read_bytes(), _etag(path))

    def get_if_changed(self, bucket: str, key: str, etag: str) -> Blob | None:
        blob = self.get(bucket, key)
        return None if blob.etag == etag else blob

    def get_small(self, bucket: str, key: str, most_bytes: int) -> bytes:  # noqa: ARG002 - whoever benches knows
        return self.get(bucket, key).body

    def download(self, bucket: str, key: str, path: Path, version_id: str | None = None) -> ObjectInfo:  # noqa: ARG002
        source = self._found(bucket, key)
        shutil.copyfile(source, path)
        return ObjectInfo(key, path.stat().st_size, _etag(source))

    def metadata(self, bucket: str, key: str, version_id: str | None = None) -> Mapping[str, str]:  # noqa: ARG002 - one state only
        self._found(bucket, key)
        return {}

    def open_range(
        self,
        bucket: str,
        key: str,
        begin: int,
        end: int,
        version_id: str | None = None,  # noqa: ARG002 - one state only
        etag: str | None = None,  # noqa: ARG002 - the reader compares it
    ) -> AbstractContextManager[RangeReader]:
        source = self._found(bucket, key)
        body = source.read_bytes()
        return contextlib.closing(_Range(body[begin:end], len(body), _etag(source)))

    def exists(self, bucket: str, key: str) -> bool:
        return self._path(bucket, key).is_file()

    def put(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> str:  # noqa: ARG002
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(body, Path):
            shutil.copyfile(body, path)
        else:
            path.write_bytes(body)
        return _etag(path)

    def put_if_absent(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> bool:
        if self.exists(bucket, key):
            return False
        self.put(bucket, key, body, content_type)
        return True

    def put_if_match(self, bucket: str, key: str, body: bytes, etag: str, content_type: str = OCTETS) -> str:
        if not self.exists(bucket, key) or _etag(self._path(bucket, key)) != etag:
            raise LostRace(f"s3://{bucket}/{key} has changed")
        return self.put(bucket, key, body, content_type)

    def list(self, bucket: str, prefix: str) -> Iterator[ObjectInfo]:
        base = self._root / bucket
        for path in sorted(p for p in base.rglob("*") if p.is_file()):
            key = path.relative_to(base).as_posix()
            if key.startswith(prefix):
                yield ObjectInfo(key, path.stat().st_size, _etag(path))

    def delete(self, bucket: str, key: str) -> None:
        self._path(bucket, key).unlink()


def _etag(path: Path) -> str:
    found = path.stat()
    return hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode()).hexdigest()
