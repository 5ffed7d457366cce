"""What a CloudWatch Logs subscription delivers: gzip in base64, with some log events of one stream."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorelet.errors import EventError


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of a log. `timestamp_ms` is when CloudWatch took it in."""

    id: str
    timestamp_ms: int
    message: str


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Consecutive matching events of one stream; none for the control message that opens a subscription."""

    log_group: str
    log_stream: str
    events: tuple[LogEvent, ...]


def is_log_delivery(event: Mapping[str, Any]) -> bool:
    """Whether this is a log subscription's event."""
    return isinstance(event.get("awslogs"), Mapping)


def log_batch(event: Mapping[str, Any]) -> LogBatch:
    """Translate the delivery; raises EventError when it cannot be unpacked."""
    try:
        payload = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"], validate=True)))
        if payload["messageType"] == "CONTROL_MESSAGE":
            return LogBatch(payload.get("logGroup", ""), payload.get("logStream", ""), ())
        events = tuple(LogEvent(str(e["id"]), int(e["timestamp"]), str(e["message"])) for e in payload["logEvents"])
        return LogBatch(str(payload["logGroup"]), str(payload["logStream"]), events)
    except (KeyError, TypeError, ValueError, OSError, EOFError, binascii.Error, zlib.error) as error:
        raise EventError("the log delivery cannot be unpacked") from error
