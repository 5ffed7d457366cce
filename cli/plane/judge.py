"""CloudWatch's decision on one alarm from its datapoints, missing ones included.

The rules are those of "Configuring how CloudWatch alarms treat missing data" in the CloudWatch user guide:
more points are fetched than EvaluationPeriods (the evaluation range); real points are preferred over missing
ones; and a lone fresh breach among missing points does not alarm before it is as old as DatapointsToAlarm.
"""

from __future__ import annotations

from collections.abc import Sequence

from cli.plane.errors import ExpressionError

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
EXTRA_PERIODS = 2
"""The guide's example fetches 5 points for 3 evaluation periods; the real surplus is not published."""


def judge(breaches: Sequence[bool | None], periods: int, to_alarm: int, missing: str, current: str) -> str:
    """The alarm's new state.

    `breaches` is the evaluation range, oldest first: True for a breach, False for a good point, None for none.

    >>> judge([None, None, True, None, None], 3, 3, "missing", "OK")
    'ALARM'
    """
    real = [breach for breach in breaches if breach is not None]
    if len(real) >= periods:
        return _state(sum(real[-periods:]), to_alarm)
    if missing in ("breaching", "notBreaching"):
        filled = (periods - len(real)) * (missing == "breaching")
        return _state(sum(real) + filled, to_alarm)
    if missing not in ("missing", "ignore"):
        raise ExpressionError(f"TreatMissingData {missing!r} is unknown.")
    return _with_gaps(breaches, real, to_alarm, missing, current)


def _with_gaps(breaches: Sequence[bool | None], real: Sequence[bool], to_alarm: int, missing: str, current: str) -> str:
    """Too few real points, and missing ones are not to be guessed."""
    if sum(real) >= to_alarm:
        return ALARM
    if not all(real):
        return OK
    if missing == "ignore":
        return current
    if not real:
        return INSUFFICIENT_DATA
    age = len(breaches) - breaches.index(True)
    return ALARM if age >= to_alarm else INSUFFICIENT_DATA


def _state(breaching: int, to_alarm: int) -> str:
    return ALARM if breaching >= to_alarm else OK
