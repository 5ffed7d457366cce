"""HTTP requests as API Gateway sends them: HTTP API (payload 2.0) and REST API (payload 1.0)."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from scorelet.errors import BadRequest, EventError
from scorelet.json_text import to_json

# In the place of an API's id, which no caller can choose: such a request is no traffic, and leaves no trace as traffic.
REHEARSAL = "scorelet-rehearsal"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, whatever API sent it. Header names are lower case; `time_ms` is epoch milliseconds.

    A `rehearsal` comes from a deployment that tries new code, not from a caller.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    time_ms: int
    query: Mapping[str, str] = field(default_factory=dict)
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer: an object goes out as JSON, text as it is, and bytes in base64, as API Gateway wants them."""

    status: int
    body: Mapping[str, Any] | str | bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_event(self) -> dict[str, Any]:
        """The shape that both kinds of API accept from a Lambda function."""
        text = self.body if isinstance(self.body, bytes) else self.text()
        if isinstance(text, str) and not text.isascii():  # half a surrogate pair, echoed, could not leave in UTF-8
            text = text.encode("utf-8", "replace").decode()
        return {
            "statusCode": self.status,
            "headers": {"content-type": "application/json", **self.headers},
            "body": base64.b64encode(text).decode() if isinstance(text, bytes) else text,
            "isBase64Encoded": isinstance(text, bytes),
        }

    def text(self) -> str:
        """The body as text; not for bytes."""
        return self.body if isinstance(self.body, str) else to_json(self.body)


def http_request(event: Mapping[str, Any]) -> HttpRequest:
    """Translate either shape; raises EventError for another, BadRequest for a body that is not base64 as it claims."""
    context = event.get("requestContext")
    if not isinstance(context, Mapping):
        raise EventError("not an HTTP API or REST API event: it has no requestContext")
    if "http" in context:
        method, path = context["http"]["method"], event["rawPath"]
        stage = context.get("stage", "$default")
        path = path.removeprefix(f"/{stage}") if stage != "$default" else path
        time_ms = context.get("timeEpoch")
    elif "httpMethod" in event:
        method, path, time_ms = event["httpMethod"], event["path"], context.get("requestTimeEpoch")
    else:
        raise EventError("not an HTTP API or REST API event: it names no method")
    return HttpRequest(
        method=str(method),
        path=unquote(str(path)),
        headers={str(k).lower(): str(v) for k, v in (event.get("headers") or {}).items()},
        body=_body(event),
        request_id=str(context.get("requestId", "")),
        time_ms=int(time_ms if time_ms is not None else time.time() * 1000),
        query=event.get("queryStringParameters") or {},
        rehearsal=context.get("apiId") == REHEARSAL,
    )


def rehearsal_event(path: str, body: str, request_id: str, time_ms: int, headers: Mapping[str, str]) -> dict[str, Any]:
    """A POST of JSON as an HTTP API (payload 2.0) would send it, marked as a rehearsal."""
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", **headers},
        "requestContext": {
            "apiId": REHEARSAL,
            "stage": "$default",
            "routeKey": "ANY /{proxy+}",
            "requestId": request_id,
            "timeEpoch": time_ms,
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("the body is not base64") from error
