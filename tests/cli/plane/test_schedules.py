"""Schedule expressions."""

from datetime import UTC, datetime

import pytest

from cli.plane.errors import ExpressionError
from cli.plane.schedules import next_time

CREATED = datetime(2026, 1, 1, 10, 30, 15, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("rate(1 minute)", "2026-01-01T10:30:15", "2026-01-01T10:31:15"),
        ("rate(5 minutes)", "2026-01-01T10:36:00", "2026-01-01T10:40:15"),
        ("rate(1 hour)", "2026-01-01T11:30:15", "2026-01-01T12:30:15"),
        ("rate(1 day)", "2026-01-01T11:30:15", "2026-01-02T10:30:15"),
        ("cron(0 * * * ? *)", "2026-01-01T10:30:15", "2026-01-01T11:00:00"),
        ("cron(0 * * * ? *)", "2026-01-01T11:00:00", "2026-01-01T12:00:00"),
        ("cron(0/15 * * * ? *)", "2026-01-01T10:30:15", "2026-01-01T10:45:00"),
        ("cron(15 10 * * ? *)", "2026-01-01T10:30:15", "2026-01-02T10:15:00"),
        ("cron(0 8 ? * MON-FRI *)", "2026-01-02T09:00:00", "2026-01-05T08:00:00"),
        ("cron(0 8 ? * 1 *)", "2026-01-01T09:00:00", "2026-01-04T08:00:00"),
        ("cron(0 0 1 JAN,JUL ? *)", "2026-01-01T09:00:00", "2026-07-01T00:00:00"),
        ("cron(0 0 L * ? *)", "2026-02-01T00:00:00", "2026-02-28T00:00:00"),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 1 1 ? 2030)", "2026-01-01T00:00:00", "2030-01-01T00:00:00"),
        ("at(2026-03-01T00:00:00)", "2026-01-01T00:00:00", "2026-03-01T00:00:00"),
    ],
)
def test_next(expression, after, expected):
    moment = next_time(expression, datetime.fromisoformat(after).replace(tzinfo=UTC), CREATED)
    assert moment == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("expression", ["cron(0 0 1 1 ? 2020)", "at(2020-01-01T00:00:00)"])
def test_never_again(expression):
    assert next_time(expression, CREATED, CREATED) is None


@pytest.mark.parametrize(
    "expression",
    ["every hour", "rate(1 week)", "cron(* * *)", "cron(0 0 1 * 1 *)", "cron(99 * * * ? *)", "cron(x * * * ? *)"],
)
def test_what_cannot_be_read_is_refused(expression):
    with pytest.raises(ExpressionError):
        next_time(expression, CREATED, CREATED)
