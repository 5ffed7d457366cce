"""The bytes of a request: their type, their size, and gzip undone, never beyond the limit."""

from __future__ import annotations

import zlib

from scorelet.errors import BadRequest, BodyTooLarge, UnsupportedMediaType
from scorelet.events.http import HttpRequest

# zlib's window sizes: with a gzip header, with a zlib header
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
# What JSON comes as: `curl -d` says it is a form, and many clients say nothing.
_JSON_TYPES = {"", "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded"}


def media_type(value: str) -> str:
    """A content type without its parameters.

    >>> media_type("Text/CSV; charset=utf-8")
    'text/csv'
    """
    return value.partition(";")[0].strip().lower()


def check_json_type(request: HttpRequest, also: tuple[str, ...] = ()) -> None:
    """Raise UnsupportedMediaType for a body that says it is something else than JSON."""
    found = media_type(request.headers.get("content-type", ""))
    if found not in _JSON_TYPES and found not in also and not found.endswith("+json"):
        raise UnsupportedMediaType("the Content-Type is not application/json")


def content(request: HttpRequest, max_bytes: int) -> bytes:
    """The body, decompressed; raises BodyTooLarge, UnsupportedMediaType, BadRequest."""
    body = request.body
    if len(body) > max_bytes:
        raise BodyTooLarge(f"the body has {len(body)} bytes, {max_bytes} are accepted")
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in _WINDOWS:
        raise UnsupportedMediaType("the Content-Encoding is none of gzip, deflate and identity")
    return _decompress(body, _WINDOWS[encoding], max_bytes)


def _decompress(body: bytes, window: int, max_bytes: int) -> bytes:
    engine = zlib.decompressobj(window)
    try:
        plain = engine.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise BadRequest("the body is not compressed as its Content-Encoding says") from error
    if len(plain) > max_bytes:
        raise BodyTooLarge(f"the body has more than {max_bytes} bytes when decompressed")
    if not engine.eof or engine.unused_data:
        raise BadRequest("the compressed body is cut off, or has something behind it")
    return plain
