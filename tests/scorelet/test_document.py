"""JSON from outside: depth is found before the parser runs, and one object has each key once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scorelet.document import MOST_DEPTH, check_depth, parse_json
from scorelet.errors import BadRequest

TEXTS = st.text(alphabet='[]{}"\\a', max_size=8)
DOCUMENTS = st.recursive(
    st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=20,
)


def wrapped(value, depth):
    for _ in range(depth):
        value = [value]
    return value


def depth_of(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


@given(DOCUMENTS, st.integers(MOST_DEPTH - 3, MOST_DEPTH + 3))
def test_a_document_is_read_exactly_when_it_is_not_too_deep(value, depth):
    value = wrapped(value, depth)
    body = json.dumps(value).encode()
    if depth_of(value) <= MOST_DEPTH:
        assert parse_json(body) == value
    else:
        with pytest.raises(BadRequest, match="nested more than"):
            parse_json(body)


@pytest.mark.parametrize("start", [b"[", b'{"a":', b"[[{", b'["\\\\", ["\\"", [', b'[{"\\"[": '])
def test_depth_is_refused_before_the_parser_sees_it(start):
    with pytest.raises(BadRequest, match="nested more than"):
        check_depth(start * 50_000)


def test_a_million_quotes_and_backslashes_are_no_burden():
    for body in (b'"\\' * 500_000, b'\\"[' * 300_000, b'"' * 1_000_000):
        with pytest.raises(BadRequest):
            parse_json(b"[" * 40 + body)


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 2}', b'[{"b": {"c": 1, "c": 1}}]', b'{"a": 1, "\\u0061": 2}'])
def test_a_key_that_stands_twice_is_refused(body):
    with pytest.raises(BadRequest, match="twice"):
        parse_json(body)


@pytest.mark.parametrize("body", [b"", b"\xff", "[1]".encode("utf-16"), b"[1] 2", b"{'a': 1}", b"1" * 5000])
def test_what_is_not_json_in_utf_8_is_refused(body):
    with pytest.raises(BadRequest, match="not JSON"):
        parse_json(body)
