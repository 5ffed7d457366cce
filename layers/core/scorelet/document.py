"""JSON from outside, read so that no document can hurt: depth is measured before the parser runs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from scorelet.errors import BadRequest
from scorelet.json_quick import UNSURE, outside_texts, quick_json

MOST_DEPTH = 32


def parse_json(body: bytes) -> Any:
    """The document; raises BadRequest for what is not JSON, is nested too deeply, or has a key twice in one object."""
    check_depth(body)
    value = quick_json(body)
    if value is not UNSURE:
        return value
    try:
        return _DECODER.decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON in UTF-8") from error


def parse_object(body: bytes) -> dict[str, Any]:
    """The document, which must be an object; raises BadRequest."""
    document = parse_json(body)
    if not isinstance(document, dict):
        raise BadRequest("the body is not a JSON object")
    return document


def check_depth(body: bytes) -> None:
    """Raise BadRequest for brackets nested more than MOST_DEPTH deep.

    Brackets in strings do not count. Where the text is not JSON, the count may be off behind the first mistake, which
    is as far as a parser gets.
    """
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return
    codes = np.frombuffer(outside_texts(body, b"[]{}"), dtype=np.uint8)
    # in ASCII, `[` and `{` are odd multiples with bit 1 set, their closing partners have it clear
    steps = np.where(codes & 2, 1, -1)
    if len(steps) and int(steps.cumsum().max()) > MOST_DEPTH:
        raise BadRequest(f"the body is nested more than {MOST_DEPTH} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequest("a key stands twice in one object", remedy="Name each field once.")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
