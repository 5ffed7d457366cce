"""API Gateway's HTTP API: a request becomes an event of payload version 2.0, an answer becomes a response."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from cli.plane.clock import epoch_ms
from cli.plane.runtime import Outcome
from cli.plane.template.api import Route
from cli.plane.template.names import Account

MAX_BODY_BYTES = 10 * 1024 * 1024
_TEXT = re.compile(r"text/.*|application/(json|xml|javascript|.*\+json|.*\+xml)")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. `target` is the path with its query, as on the wire."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Response:
    """What the client gets."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: tuple[str, ...] = ()

    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")


def message(status: int, words: str) -> Response:
    """API Gateway's own answers."""
    return Response(status, {"content-type": "application/json"}, json.dumps({"message": words}).encode())


SERVER_ERROR = message(500, "Internal Server Error")


def find_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The most specific route for a path, with its path parameters."""
    best: tuple[tuple[int, ...], Route, dict[str, str]] | None = None
    for route in routes:
        found = _match(route, method, path)
        if found is not None:
            rank = _rank(route)
            if best is None or rank > best[0]:
                best = (rank, route, found)
    return (best[1], best[2]) if best else None


def to_event(request: Request, route: Route, parameters: Mapping[str, str], account: Account, request_id: str,
             at: datetime) -> dict[str, Any]:  # fmt: skip
    """The Lambda event, payload format 2.0."""
    raw_path, _, query = request.target.partition("?")
    path = unquote(raw_path)
    headers = _joined((name.lower(), value) for name, value in request.headers)
    cookies = [part.strip() for part in headers.pop("cookie", "").split(";") if part.strip()]
    domain = f"{route.api_id}.execute-api.{account.region}.amazonaws.com"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": domain, **headers},
        "requestContext": {
            "accountId": account.account_id,
            "apiId": route.api_id,
            "domainName": domain,
            "domainPrefix": route.api_id,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route.key,
            "stage": "$default",
            "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": epoch_ms(at),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if parameters:
        event["pathParameters"] = dict(parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type", ""))
    return event


def to_response(outcome: Outcome) -> Response:
    """The client's response; an error of the function or an answer of the wrong shape is a 500."""
    if outcome.error is not None:
        return SERVER_ERROR
    answer = outcome.payload
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # format 2.0 takes any other JSON for the body of a 200
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(200, {"content-type": "application/json"}, text.encode())
    status, headers, body = answer["statusCode"], answer.get("headers") or {}, answer.get("body")
    if not str(status).isdigit() or not isinstance(headers, dict) or not isinstance(body, str | None):
        return SERVER_ERROR
    try:
        raw = base64.b64decode(body or "", validate=True) if answer.get("isBase64Encoded") else (body or "").encode()
    except ValueError:
        return SERVER_ERROR
    lowered = {str(name).lower(): str(value) for name, value in headers.items()}
    return Response(
        int(status),
        {"content-type": "text/plain;charset=UTF-8", **lowered},
        raw,
        tuple(answer.get("cookies") or ()),
    )


def _match(route: Route, method: str, path: str) -> dict[str, str] | None:
    if route.method not in ("ANY", method):
        return None
    if route.path == "$default":
        return {}
    names: list[str] = []

    def piece(found: re.Match[str]) -> str:
        names.append(found[1].rstrip("+"))
        return "(.+)" if found[1].endswith("+") else "([^/]+)"

    parts = re.split(r"(\{[^}]+\})", route.path)
    expression = "".join(re.sub(r"\{(.+)\}", piece, part) if part[:1] == "{" else re.escape(part) for part in parts)
    found = re.fullmatch(expression, path)
    return {name: unquote(value) for name, value in zip(names, found.groups(), strict=True)} if found else None


def _rank(route: Route) -> tuple[int, ...]:
    """Exact before parameter before greedy before $default; a method before ANY."""
    kind = 0 if route.path == "$default" else 1 if "+}" in route.path else 2 if "{" in route.path else 3
    return (kind, len(route.path), route.method != "ANY")


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, value in pairs:
        out[name] = f"{out[name]},{value}" if name in out else value
    return out


def _body(raw: bytes, content_type: str) -> tuple[str, bool]:
    kind = content_type.partition(";")[0].strip().lower()
    if not kind or _TEXT.fullmatch(kind):
        try:
            return raw.decode("utf-8"), False
        except UnicodeDecodeError:
            pass  # said to be text and is not: sent as binary
    return base64.b64encode(raw).decode(), True
