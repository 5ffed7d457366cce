"""Which type a caller wants to be answered in (RFC 9110, Accept)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scorelet.api.body import media_type
from scorelet.errors import NotAcceptable


def choose(accept: str, offered: Sequence[str], aliases: Mapping[str, str]) -> str | None:
    """The first of the offered types that the caller likes best; None leaves the choice. Raises NotAcceptable.

    >>> choose("text/html, application/*;q=0.5", ["text/csv", "application/json"], {})
    'application/json'
    """
    ranges = sorted(((_quality(part), media_type(part)) for part in accept.split(",") if part.strip()), reverse=True)
    for quality, asked in ranges:
        wanted = aliases.get(asked, asked)
        if quality > 0 and wanted in ("*/*", "*"):
            return None
        found = [kind for kind in offered if wanted in (kind, kind.partition("/")[0] + "/*")]
        if quality > 0 and found:
            return found[0]
    if ranges:
        raise NotAcceptable(f"Accept names none of {', '.join(offered)}")
    return None


def _quality(part: str) -> float:
    _, _, text = part.partition("q=")
    try:
        return float(text.partition(";")[0]) if text else 1.0
    except ValueError:
        return 0.0
