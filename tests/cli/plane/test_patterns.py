"""Event patterns, against the comparison operators of the EventBridge user guide."""

import pytest

from cli.plane.errors import ExpressionError
from cli.plane.patterns import matches

EVENT = {
    "source": "aws.s3",
    "detail": {
        "key": "incoming/iris/Part 1.csv",
        "size": 300,
        "tags": ["red", "blue"],
        "empty": "",
        "nothing": None,
        "flag": True,
        "items": [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}],
    },
}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"key": ["incoming/iris/Part 1.csv"]}, True),
        ({"key": ["incoming/iris/part 1.csv"]}, False),
        ({"key": [{"equals-ignore-case": "INCOMING/iris/part 1.csv"}]}, True),
        ({"key": [{"prefix": "incoming/"}]}, True),
        ({"key": [{"prefix": "Incoming/"}]}, False),
        ({"key": [{"prefix": {"equals-ignore-case": "Incoming/"}}]}, True),
        ({"key": [{"suffix": ".csv"}]}, True),
        ({"key": [{"suffix": ".gz"}, {"suffix": ".csv"}]}, True),
        ({"key": [{"anything-but": {"prefix": "scored/"}}]}, True),
        ({"key": [{"anything-but": {"prefix": ["scored/", "incoming/"]}}]}, False),
        ({"key": [{"anything-but": {"suffix": ".csv"}}]}, False),
        ({"key": [{"anything-but": {"wildcard": "*/iris/*"}}]}, False),
        ({"key": [{"anything-but": ["a", "b"]}]}, True),
        ({"absent": [{"anything-but": ["a"]}]}, False),
        ({"key": [{"wildcard": "incoming/*/Part*.csv"}]}, True),
        ({"key": [{"wildcard": "incoming/*.gz"}]}, False),
        ({"key": [{"wildcard": "incoming.iris*"}]}, False),
        ({"size": [300]}, True),
        ({"size": [300.0]}, True),
        ({"size": ["300"]}, False),
        ({"size": [{"numeric": [">", 0, "<=", 300]}]}, True),
        ({"size": [{"numeric": ["<", 300]}]}, False),
        ({"size": [{"numeric": ["=", 3e2]}]}, True),
        ({"key": [{"numeric": ["=", 1]}]}, False),
        ({"key": [{"exists": True}]}, True),
        ({"key": [{"exists": False}]}, False),
        ({"absent": [{"exists": False}]}, True),
        ({"absent": [{"exists": True}]}, False),
        ({"absent": {"deeper": [{"exists": False}]}}, True),
        ({"empty": [""]}, True),
        ({"nothing": [None]}, True),
        ({"nothing": [{"exists": True}]}, True),
        ({"flag": [True]}, True),
        ({"flag": [1]}, False),
        ({"tags": ["blue"]}, True),
        ({"tags": ["green"]}, False),
        ({"tags": [{"prefix": "bl"}]}, True),
        ({"items": {"n": ["y"]}}, True),
        ({"items": {"n": ["z"]}}, False),
        ({"key": [{"prefix": "incoming/"}], "size": [1]}, False),
        ({"$or": [{"size": [1]}, {"key": [{"suffix": ".csv"}]}]}, True),
        ({"$or": [{"size": [1]}, {"size": [2]}]}, False),
        ({"deep": {"er": ["x"]}}, False),
    ],
)
def test_match(detail, expected):
    assert matches({"source": ["aws.s3"], "detail": detail}, EVENT) is expected


def test_another_source_does_not_match():
    assert not matches({"source": ["aws.s3x"]}, EVENT)


def test_a_star_in_a_wildcard_can_be_escaped():
    assert matches({"a": [{"wildcard": r"x\*y"}]}, {"a": "x*y"})
    assert not matches({"a": [{"wildcard": r"x\*y"}]}, {"a": "xzy"})


@pytest.mark.parametrize("pattern", [{"source": "aws.s3"}, {"source": [{"cidr": "10.0.0.0/24"}]}])
def test_what_cannot_be_read_is_refused(pattern):
    with pytest.raises(ExpressionError):
        matches(pattern, EVENT)
