"""The last step of every reply: its bytes, squeezed where that is welcome, within what Lambda lets out."""

from __future__ import annotations

import gzip
from dataclasses import replace

from scorelet.errors import BodyTooLarge
from scorelet.events.http import HttpReply, HttpRequest

MOST_BYTES = 5_500_000  # Lambda lets 6 MB out, headers and escapes included
SQUEEZE_ABOVE = 100_000  # below it, compressing costs more time than sending


def seal(reply: HttpReply, request: HttpRequest) -> HttpReply:
    """The reply as text or bytes; raises BodyTooLarge for one that could not leave."""
    body = reply.body if isinstance(reply.body, bytes) else reply.text()
    headers = reply.headers
    if len(body) > SQUEEZE_ABOVE and "gzip" in request.headers.get("accept-encoding", "").lower():
        body = gzip.compress(
            body if isinstance(body, bytes) else body.encode("utf-8", "replace"), compresslevel=1, mtime=0
        )
        headers = {**headers, "content-encoding": "gzip", "vary": "accept-encoding"}
    if _sent_bytes(body) > MOST_BYTES:
        raise BodyTooLarge(f"the answer would have more than {MOST_BYTES} bytes")
    return replace(reply, body=body, headers=headers)


def _sent_bytes(body: str | bytes) -> int:
    """Bytes go out in base64; text goes out within JSON, where quotes and line ends take two."""
    if isinstance(body, bytes):
        return len(body) * 4 // 3
    if len(body) * 6 < MOST_BYTES:  # as small as this, no escaping makes it too large
        return len(body)
    return len(body.encode("utf-8", "replace")) + sum(body.count(mark) for mark in '"\\\n')
