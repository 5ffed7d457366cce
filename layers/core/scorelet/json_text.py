"""Compact JSON text, as it leaves the functions."""

from __future__ import annotations

import json
from typing import Any

import orjson

_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def to_json(value: Any) -> str:
    """Compact JSON; numpy arrays are lists, and a float32 is the shortest text that reads back as the same float32.

    A number that is not finite is written as null, so whoever makes numbers checks them.

    What orjson refuses (half a surrogate pair, whole numbers beyond 64 bits) the standard library writes, for which a
    number that is not finite is a ValueError.

    >>> to_json({"score": 0.98, "labels": ["setosa"]})
    '{"score":0.98,"labels":["setosa"]}'
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    except orjson.JSONEncodeError:
        return _ENCODER.encode(value)
