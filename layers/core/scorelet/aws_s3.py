"""The object store on S3, with boto3: versions, conditional writes and checksums."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from scorelet.aws_s3_body import BROKEN, CorruptObject, copy_body
from scorelet.errors import OVERWRITTEN, LostRace, ObjectChanged, ObjectMissing, ObjectTooLarge
from scorelet.events.s3 import UNVERSIONED
from scorelet.file_settings import WRITER
from scorelet.store import Blob, ObjectInfo, ObjectState, RangeReader

OCTETS = "application/octet-stream"
# A deleted object answers 405 when asked for by the version id of its delete marker.
_MISSING = {"NoSuchKey", "NoSuchVersion", "404", "NotFound", "MethodNotAllowed", "405"}
_LOST = {"PreconditionFailed", "412"}
_CONFLICT = {"ConditionalRequestConflict", "409"}
_ATTEMPTS = 4


@cache  # 220 ms with the import of boto3, once per cold start
def s3_client() -> Any:
    """The client for the environment's region, credentials and AWS_ENDPOINT_URL, with botocore's standard retries.

    As many connections are kept as `big_job.READERS` use at a time; botocore's 10 would have the others made anew.
    """
    return boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 4}, max_pool_connections=32))


class S3Store:
    """Implements scorelet.store.ListingStore. Errors that a retry may cure are botocore's own."""

    def __init__(self, client: Any = None) -> None:
        self._given = client

    @property
    def _client(self) -> Any:
        return self._given or s3_client()

    def get(self, bucket: str, key: str, version_id: str | None = None) -> Blob:
        """The object; raises ObjectMissing."""
        pieces: list[bytes] = []
        answer = self._read(bucket, key, version_id, pieces.clear, pieces.append)
        return Blob(b"".join(pieces), _etag(answer), answer.get("VersionId"))

    def get_if_changed(self, bucket: str, key: str, etag: str) -> Blob | None:
        """The object, or None while its ETag is still `etag`; raises ObjectMissing."""
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key, IfNoneMatch=f'"{etag}"')
        except ClientError as error:
            if _code(error) in {"304", "NotModified"}:
                return None
            raise _translated(error, bucket, key) from error
        return Blob(answer["Body"].read(), _etag(answer), answer.get("VersionId"))

    def get_small(self, bucket: str, key: str, most_bytes: int) -> bytes:
        """The object's body; raises ObjectMissing, or ObjectTooLarge before any of it is read."""
        answer = self._get(bucket, key, None)
        with closing(answer["Body"]) as body:
            if int(answer["ContentLength"]) > most_bytes:
                raise ObjectTooLarge(f"s3://{bucket}/{key} is larger than {most_bytes} bytes")
            return bytes(body.read())

    def download(self, bucket: str, key: str, path: Path, version_id: str | None = None) -> ObjectInfo:
        """Write the object to `path`; raises ObjectMissing."""
        with path.open("wb") as file:
            answer = self._read(bucket, key, version_id, lambda: (file.seek(0), file.truncate()), file.write)
        return ObjectInfo(key, int(answer["ContentLength"]), _etag(answer))

    @contextmanager
    def open_range(
        self, bucket: str, key: str, begin: int, end: int, version_id: str | None = None, etag: str | None = None
    ) -> Iterator[RangeReader]:
        """Bytes [begin, end) of the object, or those of them that it has.

        Raises ObjectMissing, ObjectChanged where `etag` names another state, CorruptObject for another range.
        """
        condition = {"IfMatch": f'"{etag}"'} if etag else {}
        try:
            answer = self._get(bucket, key, version_id, Range=f"bytes={begin}-{end - 1}", **condition)
        except ClientError as error:
            if _code(error) in _LOST:
                raise ObjectChanged(OVERWRITTEN) from error
            raise
        size = int(answer["ContentRange"].rpartition("/")[2])
        with closing(answer["Body"]) as body:
            if answer["ContentRange"] != f"bytes {begin}-{min(end, size) - 1}/{size}":
                raise CorruptObject("S3 gave another range than the one that was asked for")
            yield _Range(size, _etag(answer), body)

    def metadata(self, bucket: str, key: str, version_id: str | None = None) -> Mapping[str, str]:
        """What the writer noted beside the object, names in lower case; raises ObjectMissing."""
        version = {"VersionId": version_id} if version_id else {}
        try:
            answer = self._client.head_object(Bucket=bucket, Key=key, **version)
        except ClientError as error:
            raise _translated(error, bucket, key) from error
        return {name.lower(): str(value) for name, value in answer.get("Metadata", {}).items()}

    def exists(self, bucket: str, key: str) -> bool:
        """Whether the object is there now."""
        try:
            self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if _code(error) in _MISSING:
                return False
            raise
        return True

    def put(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> str:
        """Write, whatever is there. Returns the ETag."""
        return self._put(bucket, key, body, content_type)

    def put_if_absent(self, bucket: str, key: str, body: bytes | Path, content_type: str = OCTETS) -> bool:
        """Write only where nothing is. False when somebody else was first.

        The answer to a write may be lost and the write repeated; then S3 says that something is there, and it is ours.
        The object carries the name of this very call, so that we can tell.
        """
        writer = uuid.uuid4().hex
        try:
            self._put(bucket, key, body, content_type, IfNoneMatch="*", Metadata={WRITER: writer})
        except (ClientError, HTTPClientError) as error:
            refused = isinstance(error, ClientError)
            if refused and _code(error) not in _LOST:
                raise
            found = self._writer(bucket, key)
            if found is None or (found != writer and not refused):
                raise
            return found == writer
        return True

    def _writer(self, bucket: str, key: str) -> str | None:
        """Which call wrote what is there now; empty if it does not say, None if nothing is there."""
        try:
            answer = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return str(answer.get("Metadata", {}).get(WRITER, ""))

    def put_if_match(self, bucket: str, key: str, body: bytes, etag: str, content_type: str = OCTETS) -> str:
        """Write only over the state `etag`. Returns the new ETag; raises LostRace."""
        try:
            return self._put(bucket, key, body, content_type, IfMatch=f'"{etag}"')
        except ClientError as error:
            if _code(error) in _LOST | _MISSING:
                raise LostRace(f"s3://{bucket}/{key} has changed") from error
            raise

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix` and lies behind `after`, in key order, with their times."""
        start = {"StartAfter": after} if after else {}
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **start):
            for item in page.get("Contents", ()):
                yield ObjectInfo(item["Key"], int(item["Size"]), _etag(item), item["LastModified"].timestamp())

    def list_states(self, bucket: str, prefix: str, after: str = "") -> Iterator[ObjectState]:
        """The current state of each key that starts with `prefix` and lies behind `after`, in key order."""
        start = {"KeyMarker": after} if after else {}
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix, **start)
        for _key, states in groupby((item for page in pages for item in _by_key(page)), key=itemgetter("Key")):
            found = [item for item in states if item["Key"] > after]
            if found:
                yield _state(next((item for item in found if item["IsLatest"]), found[0]), alone=len(found) == 1)

    def _read(
        self, bucket: str, key: str, version_id: str | None, begin: Callable[[], Any], write: Callable[[bytes], Any]
    ) -> Any:
        """The answer to a GET whose body has been written out and checked. A broken body is asked for again."""
        for attempt in range(1, _ATTEMPTS + 1):
            answer = self._get(bucket, key, version_id, ChecksumMode="ENABLED")
            begin()
            try:
                copy_body(answer, write)
            except BROKEN:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return answer
        raise AssertionError("the last attempt returns or raises")

    def _get(self, bucket: str, key: str, version_id: str | None, **more: str) -> Any:
        version = {"VersionId": version_id} if version_id else {}
        try:
            return self._client.get_object(Bucket=bucket, Key=key, **version, **more)
        except ClientError as error:
            raise _translated(error, bucket, key) from error

    def _put(self, bucket: str, key: str, body: bytes | Path, content_type: str, **conditions: Any) -> str:
        """Two conditional writes at the same moment may both be told 409: then the same request is to be repeated."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._put_once(bucket, key, body, content_type, conditions)
            except ClientError as error:
                if _code(error) not in _CONFLICT or attempt == _ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _put_once(
        self, bucket: str, key: str, body: bytes | Path, content_type: str, conditions: dict[str, Any]
    ) -> str:
        if isinstance(body, Path):
            with body.open("rb") as file:
                return self._put_body(bucket, key, file, content_type, conditions)
        return self._put_body(bucket, key, body, content_type, conditions)

    def _put_body(
        self, bucket: str, key: str, body: bytes | IO[bytes], content_type: str, conditions: dict[str, Any]
    ) -> str:
        answer = self._client.put_object(
            Bucket=bucket, Key=key, Body=body, ContentType=content_type, ChecksumAlgorithm="SHA256", **conditions
        )
        return _etag(answer)


@dataclass(frozen=True, slots=True)
class _Range:
    size: int
    etag: str
    body: Any

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; an error when the connection ends before the range does."""
        return bytes(self.body.read(size))


def _etag(answer: Any) -> str:
    return str(answer["ETag"]).strip('"')


def _by_key(page: Any) -> Any:
    """The versions and the delete markers of a page, which S3 lists apart."""
    return sorted([*page.get("Versions", ()), *page.get("DeleteMarkers", ())], key=itemgetter("Key"))


def _state(item: Any, *, alone: bool) -> ObjectState:
    return ObjectState(
        key=item["Key"],
        size=int(item.get("Size", 0)),
        etag=str(item.get("ETag", "")).strip('"'),
        version_id=None if item["VersionId"] == UNVERSIONED else str(item["VersionId"]),
        modified=float(int(item["LastModified"].timestamp())),
        alone=alone,
        deleted="ETag" not in item or not item["IsLatest"],
    )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _translated(error: ClientError, bucket: str, key: str) -> Exception:
    return ObjectMissing(f"s3://{bucket}/{key} does not exist") if _code(error) in _MISSING else error
