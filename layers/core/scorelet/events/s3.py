"""New objects in S3, as S3 notifications and EventBridge announce them, and the SQS messages that carry either."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from scorelet.errors import EventError

UNVERSIONED = "null"  # the version id of what was written while versioning is suspended: it is overwritten in place


@dataclass(frozen=True, slots=True)
class S3Object:
    """One state of one object. `sequencer` orders the events of one key.

    `time` is the event's, in UTC and whole seconds, such as 2024-05-01T12:00:00Z, because EventBridge gives no more.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    time: str
    sequencer: str = ""

    @property
    def epoch_seconds(self) -> float:
        """The event's time as seconds since 1970."""
        return datetime.fromisoformat(self.time).timestamp()


@dataclass(frozen=True, slots=True)
class SqsMessage:
    """One message of a batch; `body` is the event it carries, not read yet."""

    message_id: str
    body: str


def sqs_messages(event: Mapping[str, Any]) -> list[SqsMessage]:
    """The messages of an SQS event; raises EventError for another shape or a message that cannot be reported by id."""
    records = event.get("Records")
    if not isinstance(records, list):
        raise EventError("not an SQS event: it has no Records")
    try:
        return [SqsMessage(str(record["messageId"]), str(record["body"])) for record in records]
    except (KeyError, TypeError) as error:
        raise EventError("not an SQS event: a record lacks messageId or body") from error


def s3_objects_in(message: SqsMessage) -> Iterator[S3Object]:
    """The objects that a message's body announces; raises EventError."""
    try:
        event = json.loads(message.body)
    except ValueError as error:
        raise EventError("the message's body is not JSON") from error
    yield from s3_objects(event)


def s3_objects(event: object) -> Iterator[S3Object]:
    """The objects that an event announces, none for S3's test event; raises EventError for any other shape."""
    if not isinstance(event, Mapping):
        raise EventError("not an event about S3 objects: it is no JSON object")
    try:
        if event.get("Event") == "s3:TestEvent":
            return
        if event.get("source") == "aws.s3":
            yield _from_eventbridge(event)
        elif isinstance(event.get("Records"), list):
            yield from [_from_notification(record) for record in event["Records"]]
        else:
            raise EventError("not an event about S3 objects: it is neither from EventBridge nor an S3 notification")
    except (KeyError, TypeError, ValueError) as error:
        raise EventError(f"an event about S3 objects that cannot be read: {type(error).__name__} {error}") from error


def created_event(obj: S3Object) -> dict[str, Any]:
    """What EventBridge says of a new object, said by us. Read back, it is the same object.

    >>> obj = S3Object("data", "incoming/iris/a.csv", "v1", "e", 9, "2026-01-01T00:00:00Z")
    >>> next(s3_objects(created_event(obj))) == obj
    True
    """
    item = {"key": obj.key, "size": obj.size, "etag": obj.etag}
    if obj.version_id is not None:
        item["version-id"] = obj.version_id
    detail = {"version": "0", "bucket": {"name": obj.bucket}, "object": item, "reason": "Reconcile"}
    return {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": obj.time,
        "resources": [],
        "detail": detail,
    }


def _from_eventbridge(event: Mapping[str, Any]) -> S3Object:
    """EventBridge writes the key as it is: never unquoted."""
    if event["detail-type"] != "Object Created":
        raise EventError(f"an S3 event of type {event['detail-type']!r}, not 'Object Created'")
    item = event["detail"]["object"]
    return _object(event["detail"]["bucket"]["name"], item["key"], item.get("version-id"), item, event["time"])


def _from_notification(record: Mapping[str, Any]) -> S3Object:
    """S3 notifications write the key as in a form: unquoted here, once."""
    if not str(record["eventName"]).removeprefix("s3:").startswith("ObjectCreated:"):
        raise EventError(f"an S3 event of type {record['eventName']!r}, not ObjectCreated")
    item = record["s3"]["object"]
    key = unquote_plus(item["key"], errors="strict")
    return _object(record["s3"]["bucket"]["name"], key, item.get("versionId"), item, record["eventTime"])


def _object(bucket: object, key: object, version_id: object, item: Mapping[str, Any], time: object) -> S3Object:
    if not (isinstance(bucket, str) and isinstance(key, str) and isinstance(time, str) and bucket and key):
        raise EventError("an event about an S3 object that lacks its bucket, key or time")
    etag = str(item.get("etag") or item.get("eTag") or "").strip('"')
    moment = datetime.fromisoformat(time)
    if moment.tzinfo is None:
        raise EventError("an event about an S3 object whose time has no zone")
    return S3Object(
        bucket=bucket,
        key=key,
        version_id=str(version_id) if version_id and version_id != UNVERSIONED else None,
        etag=etag,
        size=int(item.get("size") or 0),
        time=moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        sequencer=str(item.get("sequencer") or ""),
    )
