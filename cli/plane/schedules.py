"""`rate(...)` and `cron(...)`: when is the next time?"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cli.plane.errors import ExpressionError

_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6}
_MONTHS |= {"JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_YEARS_AHEAD = 8


def next_time(expression: str, after: datetime, created: datetime) -> datetime | None:
    """The first moment strictly after `after`; a rate counts from `created`. None when there is none.

    >>> at = datetime(2026, 1, 1, 10, 30, tzinfo=UTC)
    >>> next_time("rate(1 hour)", at, at).isoformat(), next_time("cron(0 * * * ? *)", at, at).isoformat()
    ('2026-01-01T11:30:00+00:00', '2026-01-01T11:00:00+00:00')
    """
    text = expression.strip()
    rate = re.fullmatch(r"rate\((\d+)\s+(minute|hour|day)s?\)", text)
    if rate:
        step = int(rate[1]) * _UNITS[rate[2]]
        whole = (after - created).total_seconds() // step
        return created + timedelta(seconds=(max(whole, 0) + 1) * step)
    cron = re.fullmatch(r"cron\((.+)\)", text)
    if cron:
        return _next_cron(cron[1].split(), after)
    at = re.fullmatch(r"at\((.+)\)", text)
    if at:
        moment = datetime.fromisoformat(at[1]).replace(tzinfo=UTC)
        return moment if moment > after else None
    raise ExpressionError(f"Schedule {expression!r} is neither rate(...) nor cron(...) nor at(...).")


def _next_cron(fields: list[str], after: datetime) -> datetime | None:
    if len(fields) != 6:
        raise ExpressionError(f"cron needs six fields (minute hour day month weekday year), not {len(fields)}.")
    minutes, hours = _numbers(fields[0], 0, 59), _numbers(fields[1], 0, 23)
    months, years = _numbers(fields[3], 1, 12, _MONTHS), _numbers(fields[5], 1970, 2199)
    is_day = _day_test(fields[2], fields[4])
    earliest = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    day = earliest.replace(hour=0, minute=0)
    for _ in range(366 * _YEARS_AHEAD):
        if day.year in years and day.month in months and is_day(day):
            times = (day.replace(hour=h, minute=m) for h in sorted(hours) for m in sorted(minutes))
            found = next((moment for moment in times if moment >= earliest), None)
            if found:
                return found
        day += timedelta(days=1)
    return None


def _day_test(of_month: str, of_week: str) -> Callable[[datetime], bool]:
    if (of_month == "?") == (of_week == "?"):
        raise ExpressionError("cron needs ? in exactly one of day-of-month and day-of-week.")
    if of_week != "?":
        if re.search(r"[L#]", re.sub("[A-Z]{3}", "", of_week)):
            raise ExpressionError(f"cron: the plane does not know {of_week!r} as a weekday.")
        weekdays = _numbers(of_week, 1, 7, _DAYS)
        return lambda day: day.isoweekday() % 7 + 1 in weekdays
    if of_month == "L":
        return lambda day: day.day == monthrange(day.year, day.month)[1]
    if "W" in of_month:
        raise ExpressionError(f"cron: the plane does not know {of_month!r} as a day.")
    days = _numbers(of_month, 1, 31)
    return lambda day: day.day in days


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """`*`, `5`, `1-5`, `0/15`, `MON-FRI`, and lists of these."""
    out: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            if span in ("*", "?"):
                start, end = low, high
            else:
                start = _number(first, names)
                end = _number(last, names) if dash else (high if step else start)
            out.update(range(start, end + 1, int(step or 1)))
        except ValueError as error:
            raise ExpressionError(f"cron: cannot read {part!r}.") from error
    if not out or min(out) < low or max(out) > high:
        raise ExpressionError(f"cron: {field!r} is outside {low} to {high}.")
    return out


def _number(text: str, names: dict[str, int] | None) -> int:
    return (names or {}).get(text) or int(text)
