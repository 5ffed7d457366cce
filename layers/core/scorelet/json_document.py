"""JSON that is no JSON lines: an array, or objects that reach over several lines. The file's beginning tells it."""

from __future__ import annotations

import json
from typing import Any

_ARRAY = "a JSON array", "jq -c '.[]'"
_OBJECTS = "JSON whose objects reach over several lines", "jq -c ."
_BLANKS = " \t\r\n"
_DECODER = json.JSONDecoder()


def told_document(head: bytes) -> str | None:
    """What the file is and what is to be done, where it begins as a JSON document does; None for anything else.

    A single line of JSON lines that is broken, or is an array, makes no document of them: it costs a row.

    >>> told_document(b'[{"a": 1}, {"a": 2}]')
    "the file is a JSON array; JSON lines have one object per line, as jq -c '.[]' FILE writes them"
    >>> told_document(b'[1, 2]\\n{"a": 1}\\n'), told_document(b'{"a":\\n1}\\n{"a": 1}\\n')
    (None, None)
    """
    text = head.decode("utf-8", "replace").lstrip(_BLANKS)
    found = _kind(text) if text[:1] in ("[", "{") else None
    return found and f"the file is {found[0]}; JSON lines have one object per line, as {found[1]} FILE writes them"


def begins_with_object(head: bytes) -> bool:
    """Whether the first line begins with an object that has a key.

    >>> begins_with_object(b' {"a": 1}\\n'), begins_with_object(b"{a},b\\n")
    (True, False)
    """
    text = head.decode("utf-8", "replace").lstrip(_BLANKS)
    value, end = (_value(text, 0) if text[:1] == "{" else None) or (None, 0)
    return isinstance(value, dict) and bool(value) and "\n" not in text[:end]


def _kind(text: str) -> tuple[str, str] | None:
    first = _value(text, 0)
    if first is None:
        within = len(text) - len(text[1:].lstrip(_BLANKS))
        element = _value(text, within) if text[0] == "[" else None  # the array's end is not in the beginning
        begun = element is not None and isinstance(element[0], dict | list) and text[element[1] :].lstrip(_BLANKS)
        return _ARRAY if begun and begun[0] == "," else None
    value, end = first
    rest = text[end:].lstrip(_BLANKS)
    if isinstance(value, list):
        return None if rest else _ARRAY
    second = _value(rest, 0) if rest else None
    several = "\n" in text[:end] and (not rest or (second is not None and "\n" in rest[: second[1]]))
    return _OBJECTS if several else None


def _value(text: str, start: int) -> tuple[Any, int] | None:
    """The JSON value that begins there, and where it ends; None for what is none, or is nested without end."""
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
