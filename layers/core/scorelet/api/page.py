"""GET /docs: one page, without anything from elsewhere, that shows the model and lets a person try requests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scorelet.api.call import Answered, Call
from scorelet.errors import NotFound
from scorelet.events.http import HttpReply

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(call: Call) -> Answered:
    """The page; an opaque server has none to show."""
    if call.options.opaque:
        raise NotFound("there is nothing here")
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": _POLICY,
        "x-content-type-options": "nosniff",
    }
    return Answered(HttpReply(200, _html(), headers))


@cache
def _html() -> str:
    return (Path(__file__).parent / "docs.html").read_text(encoding="utf-8")
