"""Metric math, against what the CloudWatch user guide says of each function and of missing points."""

import pytest

from cli.plane.errors import ExpressionError
from cli.plane.metric_math import evaluate

N = None
SERIES = {
    "m1": [1.0, 2.0, 3.0, N],
    "m2": [4.0, N, 0.0, 2.0],
    "zero": [0.0, 0.0, 0.0, 0.0],
    "none": [N, N, N, N],
    "gap": [1.0, N, N, 4.0],
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # arithmetic and its order
        ("m1 + m2", [5.0, N, 3.0, N]),
        ("m1 - 1", [0.0, 1.0, 2.0, N]),
        ("2 + m1 * 3", [5.0, 8.0, 11.0, N]),
        ("(2 + m1) * 3", [9.0, 12.0, 15.0, N]),
        ("10 - 3 - 2", [5.0] * 4),
        ("8 / 4 / 2", [1.0] * 4),
        ("-m1 + 1", [0.0, -1.0, -2.0, N]),
        ("2 ^ 3 ^ 2", [512.0] * 4),
        ("-2 ^ 2", [-4.0] * 4),
        ("100 * m1 / m2", [25.0, N, N, N]),
        ("1e2 + .5", [100.5] * 4),
        # a division by zero is a missing point
        ("m1 / zero", [N, N, N, N]),
        ("1 / 0", [N] * 4),
        # FILL
        ("FILL(m1, 0)", [1.0, 2.0, 3.0, 0.0]),
        ("FILL(none, 7)", [7.0] * 4),
        ("FILL(m2, m1)", [4.0, 2.0, 0.0, 2.0]),
        ("FILL(gap, REPEAT)", [1.0, 1.0, 1.0, 4.0]),
        ("FILL(gap, LINEAR)", [1.0, 2.0, 3.0, 4.0]),
        ("FILL(m1, LINEAR)", [1.0, 2.0, 3.0, N]),
        ("FILL(m1,0) + FILL(m2,0)", [5.0, 2.0, 3.0, 2.0]),
        # comparisons and logic are 1 and 0
        ("m1 >= 2", [0.0, 1.0, 1.0, N]),
        ("m1 == 2", [0.0, 1.0, 0.0, N]),
        ("m1 != 2 AND m1 < 3", [1.0, 0.0, 0.0, N]),
        ("m1 > 2 OR zero", [0.0, 0.0, 1.0, N]),
        ("m1 > 1 && m1 < 3 || m1 == 1", [1.0, 1.0, 0.0, N]),
        ("1 OR 0 AND 0", [1.0] * 4),
        # IF
        ("IF(m1 > 1, m1, 0)", [0.0, 2.0, 3.0, N]),
        ("IF(m1 > 1, m1)", [N, 2.0, 3.0, N]),
        ("IF(m2, m1, -1)", [1.0, N, -1.0, N]),
        ("IF(FILL(m2,0) >= 2, 100 * m1 / m2, 0)", [25.0, 0.0, 0.0, N]),
        # of one series a number for all periods, of several a series of what is there
        ("MAX(m1)", [3.0] * 4),
        ("SUM(none)", [N] * 4),
        ("AVG(m1)", [2.0] * 4),
        ("MAX([m1, m2])", [4.0, 2.0, 3.0, 2.0]),
        ("MIN([m1, m2])", [1.0, 2.0, 0.0, 2.0]),
        ("SUM([m1, m2, none])", [5.0, 2.0, 3.0, 2.0]),
        ("SUM(METRICS())", [6.0, 2.0, 3.0, 6.0]),
        ('SUM(METRICS("m"))', [5.0, 2.0, 3.0, 2.0]),
        ("SUM(METRICS() * 2)", [12.0, 4.0, 6.0, 12.0]),
        # the rest
        ("ABS(0 - m1)", [1.0, 2.0, 3.0, N]),
        ("CEIL(m1 / 2)", [1.0, 1.0, 2.0, N]),
        ("FLOOR(m1 / 2)", [0.0, 1.0, 1.0, N]),
        ("DIFF(m1)", [N, 1.0, 1.0, N]),
        ("RATE(m1) * PERIOD(m1)", [N, 1.0, 1.0, N]),
    ],
)
def test_value(expression, expected):
    assert evaluate(expression, SERIES, 4) == pytest.approx(expected)


def test_metrics_leaves_other_expressions_out():
    series = {"a": [1.0], "b": [2.0], "sum": [3.0]}
    assert evaluate("SUM(METRICS())", series, 1, plain=("a", "b")) == [3.0]


@pytest.mark.parametrize(
    "expression",
    ["", "m1 +", "m9", "(m1", "m1 m2", "SUM(m1", "NOPE(m1)", "METRICS()", "[m1, m2]", "m1 $ 2", "FILL(m1 0)"],
)
def test_what_cannot_be_read_is_refused(expression):
    with pytest.raises(ExpressionError):
        evaluate(expression, SERIES, 4)
