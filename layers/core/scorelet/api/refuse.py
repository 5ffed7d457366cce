"""From errors to replies: one table of statuses, one shape of body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scorelet.errors import (
    BadRequest,
    BodyTooLarge,
    InvalidRecords,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    PackageRefused,
    ScoreletError,
    UnsupportedMediaType,
)
from scorelet.events.http import HttpReply
from scorelet.features import Problem

# The one table from errors to HTTP. The most specific class stands first.
HTTP_STATUS: tuple[tuple[type[ScoreletError], int], ...] = (
    (InvalidRecords, 400),
    (BadRequest, 400),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (NotAcceptable, 406),
    (BodyTooLarge, 413),
    (UnsupportedMediaType, 415),
    (PackageRefused, 503),
)


@dataclass(frozen=True, slots=True)
class Located:
    """A problem and where it stands in the caller's document, as a JSON pointer."""

    pointer: str
    problem: Problem

    def to_json(self) -> dict[str, str]:
        """The form that stands in a reply."""
        return {
            "pointer": self.pointer,
            "feature": self.problem.feature,
            "code": self.problem.code,
            "reason": self.problem.reason,
            "expected": self.problem.expected,
        }


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901).

    >>> pointer("instances", 0, "a/b")
    '/instances/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def error_reply(error: ScoreletError, request_id: str, *, opaque: bool = False) -> HttpReply:
    """The reply to an error raised on purpose. `error` is a sentence, as TensorFlow Serving's clients expect.

    An opaque one keeps the status, the code and the id, and says nothing that could tell of the model.
    """
    status = next((code for kind, code in HTTP_STATUS if isinstance(error, kind)), 500)
    body: dict[str, Any] = {
        "error": "the request was refused" if opaque else str(error),
        "code": error.code,
        "remedy": "Ask whoever runs this server, with the request id." if opaque else error.remedy,
        "request_id": request_id,
    }
    if isinstance(error, InvalidRecords) and not opaque:
        body["problems"] = [p.to_json() for p in error.problems if isinstance(p, Located)]
    return HttpReply(status, body, {"allow": error.allow} if isinstance(error, MethodNotAllowed) else {})


def fault_reply(request_id: str) -> HttpReply:
    """The reply to a bug or an outage of ours: it says nothing of the inside."""
    body = {
        "error": "the server could not answer",
        "code": "fault",
        "remedy": "Try again; if it stays, look up the request id in the function's log.",
        "request_id": request_id,
    }
    return HttpReply(500, body)
