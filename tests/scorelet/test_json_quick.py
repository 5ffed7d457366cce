"""orjson answers for the strict parser only where both are sure to agree."""

import json

import pytest
from scorelet.document import parse_json
from scorelet.errors import BadRequest
from scorelet.json_quick import UNSURE, quick_json

from tests.fakes.nasty_json import nasty_object, nasty_value, spoiled, strictly
from tests.laws import full_or

PLAIN = {"id": "a-1", "amount": 5.1, "age": 33, "member": True, "note": None, "tags": ["x", {"y": 1e-7}]}


def outcome(read, body: bytes) -> str:
    """What a reader makes of it, to the type and the bit."""
    try:
        return repr(read(body))
    except (ValueError, BadRequest):
        return "refused"


@pytest.mark.law
def test_a_document_is_read_or_refused_as_the_standard_library_does_under_our_rules(law):
    chance, quick, read = law.chance(), 0, 0
    for _ in law.each(range(full_or(400_000, 20_000))):
        text = nasty_object(chance, ["a", "b", "c"]) if chance.random() < 0.8 else nasty_value(chance)
        body = spoiled(chance, text) if chance.random() < 0.3 else text.encode("utf-8", "surrogatepass")
        wanted = outcome(strictly, body)
        assert outcome(parse_json, body) == wanted, body
        if wanted != "refused":
            quick, read = quick + (quick_json(body) is not UNSURE), read + 1
    assert 0.3 * read < quick < read


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize(
    "document", [PLAIN, {"instances": [PLAIN] * 3}, [[0.1, 0.0012345678901234567]], "x", 7, [], {}]
)
def test_plain_documents_are_read_by_orjson(document, separators):
    assert quick_json(json.dumps(document, separators=separators).encode()) == document


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 1}',
        b'[{"b": {"c": 1, "c": 1}}]',
        b"18446744073709551616",
        b"[-9223372036854775809]",
        b"1e400",
        b"NaN",
        b'"\\ud800"',
        b"\xef\xbb\xbf1",
        b"",
        b"01",
    ],
)
def test_what_orjson_reads_otherwise_is_left_to_the_standard_library(body):
    assert quick_json(body) is UNSURE
