"""Rules of composite alarms."""

import pytest

from cli.plane.alarm_rule import compile_rule
from cli.plane.errors import ExpressionError

STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "with space": "ALARM"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", True),
        ('ALARM("b")', False),
        ("OK('b')", True),
        ("INSUFFICIENT_DATA(c)", True),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(a) OR ALARM(b)", True),
        ("NOT ALARM(b)", True),
        ("NOT NOT ALARM(b)", False),
        ("ALARM(b) AND ALARM(b) OR ALARM(a)", True),
        ("ALARM(a) OR ALARM(b) AND ALARM(b)", True),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(b)", False),
        ("ALARM(a) AND NOT (ALARM(b) OR OK(c))", True),
        ("TRUE", True),
        ("FALSE OR ALARM(b)", False),
        ('ALARM("with space")', True),
        ('ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a")', True),
        ("alarm(a) and not alarm(b)", True),
    ],
)
def test_truth(rule, expected):
    holds, _ = compile_rule(rule)
    assert holds(STATES) is expected


@pytest.mark.parametrize(
    "rule", ["", "ALARM", "ALARM(a", "ALARM(a) ALARM(b)", "BROKEN(a)", "ALARM(a) AND", "(ALARM(a)"]
)
def test_what_cannot_be_read_is_refused(rule):
    with pytest.raises(ExpressionError):
        compile_rule(rule)[0](STATES)


def test_the_names_are_told_once_each():
    assert compile_rule('ALARM(b) AND (OK(a) OR OK("b"))')[1] == ("b", "a")
