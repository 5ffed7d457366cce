"""The tables of "Configuring how CloudWatch alarms treat missing data", and the rules in its text."""

import pytest

from cli.plane.judge import judge

POINT = {"0": False, "X": True, "-": None}
RETAIN = "retain"


def states(points, periods, to_alarm, current="before"):
    """The state for missing, ignore, breaching, notBreaching."""
    breaches = [POINT[point] for point in points.split()]
    found = [
        judge(breaches, periods, to_alarm, mode, current) for mode in ("missing", "ignore", "breaching", "notBreaching")
    ]
    return ["INSUFFICIENT" if s == "INSUFFICIENT_DATA" else RETAIN if s == "before" else s for s in found]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0 - X - X", ["OK", "OK", "OK", "OK"]),
        ("0 - - - -", ["OK", "OK", "OK", "OK"]),
        ("- - - - 0", ["OK", "OK", "OK", "OK"]),
        ("- - - - -", ["INSUFFICIENT", RETAIN, "ALARM", "OK"]),
        ("0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("- - X - -", ["ALARM", RETAIN, "ALARM", "OK"]),
        ("X - - - -", ["ALARM", RETAIN, "ALARM", "OK"]),
        # a fresh breach alone does not alarm yet
        ("- - - - X", ["INSUFFICIENT", RETAIN, "ALARM", "OK"]),
        ("- - - X -", ["INSUFFICIENT", RETAIN, "ALARM", "OK"]),
        # and is forgotten when the next point is good
        ("- - - X 0", ["OK", "OK", "OK", "OK"]),
    ],
)
def test_three_of_three(points, expected):
    assert states(points, 3, 3) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("0 - X - -", ["OK", "OK", "ALARM", "OK"]),
        ("- - - - 0", ["OK", "OK", "ALARM", "OK"]),
        ("- - - X -", ["ALARM", RETAIN, "ALARM", "OK"]),
        ("- - - - X", ["INSUFFICIENT", RETAIN, "ALARM", "OK"]),
        ("- - - - -", ["INSUFFICIENT", RETAIN, "ALARM", "OK"]),
    ],
)
def test_two_of_three(points, expected):
    assert states(points, 3, 2) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0 0 X", ["ALARM"] * 4),
        ("X X 0", ["OK"] * 4),
        ("X - -", ["ALARM"] * 4),
        ("X 0 -", ["OK"] * 4),
        ("- - -", ["INSUFFICIENT", RETAIN, "ALARM", "OK"]),
    ],
)
def test_one_of_one_looks_at_the_last_real_point_in_range(points, expected):
    assert states(points, 1, 1) == expected


def test_only_the_most_recent_real_points_count_when_there_are_enough():
    assert states("X X X 0 0 0", 3, 1) == ["OK"] * 4


@pytest.mark.parametrize("current", ["OK", "ALARM", "INSUFFICIENT_DATA"])
def test_ignore_keeps_whatever_state_there_was(current):
    assert judge([None] * 5, 3, 3, "ignore", current) == current
