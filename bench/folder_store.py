"""A folder as the object store of a registry, for benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scorelet.errors import ObjectMissing
from scorelet.manifest import digest
from scorelet.store import Blob


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Keys are paths below `folder`, whatever the bucket is called."""

    folder: Path

    def get(self, bucket: str, key: str, version_id: str | None = None) -> Blob:  # noqa: ARG002 - a store's contract
        """The object; raises ObjectMissing."""
        try:
            body = (self.folder / key).read_bytes()
        except OSError as error:
            raise ObjectMissing(f"{key} does not exist") from error
        return Blob(body, digest(body))

    def get_if_changed(self, bucket: str, key: str, etag: str) -> Blob | None:
        """The object, or None while it is the same."""
        blob = self.get(bucket, key)
        return None if blob.etag == etag else blob
