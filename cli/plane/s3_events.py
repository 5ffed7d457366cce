"""The EventBridge event that S3 sends when an object was created or deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from cli.plane.calls import AwsCall
from cli.plane.tap import Response

_CREATED = {"PutObject", "CopyObject", "CompleteMultipartUpload"}


class S3Events:
    """Turns successful calls into event details, for the buckets that tell EventBridge."""

    def __init__(
        self, buckets: Collection[str], account_id: str, stored: Callable[[str, str, str | None], Any]
    ) -> None:
        self._buckets = buckets
        self._stored = stored
        self._account_id = account_id
        self._sequence = 0

    def detail(self, call: AwsCall, response: Response, now: datetime) -> tuple[str, dict[str, Any]] | None:
        """The detail-type and the detail, or None when the call is no news. What was created is dated on the way.

        Keys are as they are: EventBridge, unlike S3's own notifications, does not URL-encode them.
        """
        if call.service != "s3" or call.bucket not in self._buckets or not response.ok:
            return None
        if call.operation in _CREATED and b"<Error>" not in response.body[:200]:
            return "Object Created", self._created(call, response, now)
        if call.operation == "DeleteObject":
            return "Object Deleted", self._deleted(call, response)
        return None

    def _created(self, call: AwsCall, response: Response, now: datetime) -> dict[str, Any]:
        version = response.header("x-amz-version-id")
        stored = self._stored(call.bucket, call.key, version)
        # moto dates by the machine's clock, and takes the latest date for the current version: no two may be the same
        stored.last_modified = now.replace(tzinfo=None, microsecond=0) + timedelta(microseconds=self._sequence % 10**6)
        about = {"key": call.key, "size": stored.size, "etag": stored.etag.strip('"')}
        return self._envelope(call, about, version) | {"reason": call.operation}

    def _deleted(self, call: AwsCall, response: Response) -> dict[str, Any]:
        marker = response.header("x-amz-delete-marker") == "true"
        kind = "Delete Marker Created" if marker else "Permanently Deleted"
        version = response.header("x-amz-version-id")
        detail = self._envelope(call, {"key": call.key}, version)
        return detail | {"reason": "DeleteObject", "deletion-type": kind}

    def _envelope(self, call: AwsCall, about: dict[str, Any], version: str | None) -> dict[str, Any]:
        self._sequence += 1
        if version and version != "null":
            about["version-id"] = version
        about["sequencer"] = f"{self._sequence:018X}"
        return {
            "version": "0",
            "bucket": {"name": call.bucket},
            "object": about,
            "request-id": f"LOCAL{self._sequence:011d}",
            "requester": self._account_id,
            "source-ip-address": "127.0.0.1",
        }
