"""What the core asks of an object store. `aws_s3` is the real one; the tests' in-memory one obeys the same contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """An object's content and the tags that name this state of it."""

    body: bytes
    etag: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One row of a listing. `modified` is in seconds since 1970, 0 where nobody asked for it."""

    key: str
    size: int
    etag: str
    modified: float = 0.0


@dataclass(frozen=True, slots=True)
class ObjectState:
    """The current state of an object, as a listing of versions has it.

    `alone` where the bucket keeps no other state, `deleted` where only others are left. `modified` is in whole seconds
    since 1970. The version id is None in a bucket that keeps no versions.
    """

    key: str
    size: int
    etag: str
    version_id: str | None
    modified: float
    alone: bool
    deleted: bool = False


class RangeReader(Protocol):
    """A range of an object, as it comes."""

    @property
    def size(self) -> int:
        """Bytes of the whole object."""

    @property
    def etag(self) -> str:
        """The state of the object."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class ObjectReader(Protocol):
    """The part of a store that serving needs."""

    def get(self, bucket: str, key: str, version_id: str | None = None) -> Blob:
        """The object; raises ObjectMissing."""

    def get_if_changed(self, bucket: str, key: str, etag: str) -> Blob | None:
        """The object, or None while its ETag is still `etag`; raises ObjectMissing."""


class ObjectStore(ObjectReader, Protocol):
    """A versioned bucket with conditional writes. Every body is a whole object; big ones go by file."""

    def get_small(self, bucket: str, key: str, most_bytes: int) -> bytes:
        """The object's body; raises ObjectMissing, or ObjectTooLarge before any of it is read."""

    def download(self, bucket: str, key: str, path: Path, version_id: str | None = None) -> ObjectInfo:
        """Write the object to `path`; raises ObjectMissing."""

    def open_range(
        self, bucket: str, key: str, begin: int, end: int, version_id: str | None = None, etag: str | None = None
    ) -> AbstractContextManager[RangeReader]:
        """Bytes [begin, end) of the object, or those of them that it has.

        Raises ObjectMissing, and ObjectChanged where `etag` names another state.
        """

    def metadata(self, bucket: str, key: str, version_id: str | None = None) -> Mapping[str, str]:
        """What the writer noted beside the object, names in lower case; raises ObjectMissing."""

    def exists(self, bucket: str, key: str) -> bool:
        """Whether the object is there now."""

    def put(self, bucket: str, key: str, body: bytes | Path, content_type: str = "application/octet-stream") -> str:
        """Write, whatever is there. Returns the ETag."""

    def put_if_absent(
        self, bucket: str, key: str, body: bytes | Path, content_type: str = "application/octet-stream"
    ) -> bool:
        """Write only where nothing is (`If-None-Match: *`). False when somebody was first."""

    def put_if_match(
        self, bucket: str, key: str, body: bytes, etag: str, content_type: str = "application/octet-stream"
    ) -> str:
        """Write only over the state `etag` (`If-Match`). Returns the new ETag; raises LostRace."""

    def list(self, bucket: str, prefix: str) -> Iterator[ObjectInfo]:
        """Every object whose key starts with `prefix`, in key order."""


class ListingStore(ObjectStore, Protocol):
    """A store whose listings tell more: for those who look for what is missing. A page of 1,000 keys is one call."""

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix` and lies behind `after`, in key order, with their times."""

    def list_states(self, bucket: str, prefix: str, after: str = "") -> Iterator[ObjectState]:
        """The current state of each key that starts with `prefix` and lies behind `after`, in key order.

        Deleted ones are told, too: who reads on for long can see how far it is.
        """
