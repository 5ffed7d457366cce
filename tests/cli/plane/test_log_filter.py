"""Filter patterns of log subscriptions."""

import pytest

from cli.plane.errors import ExpressionError
from cli.plane.log_filter import compile_filter

LINE = '{"scorelet": "predictions", "n": 5, "on": true, "off": false, "none": null, "deep": {"list": [1, 2]}}'


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", True),
        (" ", True),
        ('{ $.scorelet = "predictions" }', True),
        ("{ $.scorelet = predictions }", True),
        ('{$.scorelet="prediction"}', False),
        ('{ $.scorelet = "pred*" }', True),
        ('{ $.scorelet != "predictions" }', False),
        ('{ $.absent = "x" }', False),
        ("{ $.n = 5 }", True),
        ("{ $.n > 4.5 }", True),
        ("{ $.n < 5 }", False),
        ("{ $.scorelet > 1 }", False),
        ("{ $.on IS TRUE }", True),
        ("{ $.on IS FALSE }", False),
        ("{ $.none IS NULL }", True),
        ("{ $.absent NOT EXISTS }", True),
        ("{ $.deep.list[1] = 2 }", True),
        ("{ $.deep.list[*] = 1 }", True),
        ("{ $.deep.list[7] = 1 }", False),
        ('{ $.n = 5 && $.scorelet = "x" }', False),
        ('{ $.n = 5 || $.scorelet = "x" }', True),
        ('{ ($.n = 5 || $.n = 6) && ($.scorelet = "predictions") }', True),
        ("scorelet", True),
        ('"scorelet" predictions', True),
        ("scorelet -predictions", False),
        ("?nothing ?predictions", True),
    ],
)
def test_match(pattern, expected):
    assert compile_filter(pattern)(LINE) is expected


@pytest.mark.parametrize("line", ["START RequestId: 1", "[1]", '{"scorelet": ', "null"])
def test_a_json_pattern_passes_over_other_lines(line):
    assert not compile_filter('{ $.scorelet = "predictions" }')(line)


@pytest.mark.parametrize("pattern", ["{ $.a }", "{ a = 1 }", '{ ($.a = "x" }', '{ $.a = "x" $.b = "y" }'])
def test_what_cannot_be_read_is_refused(pattern):
    with pytest.raises(ExpressionError):
        compile_filter(pattern)
