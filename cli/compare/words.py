"""A comparison as a person reads it in a terminal."""

from __future__ import annotations

from cli.compare.comparison import Comparison, Crossing
from training.page import number

_MOST_FLIPS = 6


def told(found: Comparison) -> str:
    """A few lines."""
    rows, far = found.rows, found.differences
    total = sum((rows.both, rows.only_before, rows.only_after, rows.neither))
    lines = [
        f"Version {found.after} of {found.model} beside version {found.before}: {total:,} rows, {rows.both:,} scored "
        f"by both, {rows.only_before:,} by version {found.before} alone, {rows.only_after:,} by version "
        f"{found.after} alone, {rows.neither:,} by neither."
    ]
    if rows.both:
        lines += _flips(found) if found.flips else []
        lines.append(
            f"Size of a row's change: mean {number(far.mean_absolute)}, "
            f"median {number(far.absolute_quantiles['50'])}, "
            f"95 % up to {number(far.absolute_quantiles['95'])}, largest {number(_largest(found))}."
        )
        if found.correlation is not None:
            lines.append(f"Correlation of both versions' answers: {number(found.correlation)}.")
        if found.crossing:
            lines.append(crossing(found.crossing, found.before))
        if not found.flips:
            lines.append(f"Signed: mean {signed(far.mean)}, median {signed(far.quantiles['50'])}.")
    return "\n".join(lines)


def _flips(found: Comparison) -> list[str]:
    """How many rows got another label, and from which to which."""
    flips = found.flips
    if flips is None or flips.share is None:
        return []
    moves = sorted(
        ((count, i, j) for i, row in enumerate(flips.matrix) for j, count in enumerate(row) if count and i != j),
        key=lambda move: (-move[0], move[1], move[2]),
    )
    words = ", ".join(f"{found.labels[i]} → {found.labels[j]} {count:,}" for count, i, j in moves[:_MOST_FLIPS])
    words += ", …" if len(moves) > _MOST_FLIPS else ""
    share = f"{percent(flips.share)} of those scored by both (95 %: {percent(flips.low)} to {percent(flips.high)})"
    return [f"Another label: {flips.count:,} rows, {share}{': ' + words if words else ''}."]


def crossing(told: Crossing, before: int) -> str:
    """How many rows are on the other side of the threshold."""
    return (
        f"Threshold {told.threshold:g} of version {before} for {told.label}: {told.rose + told.fell:,} rows cross it, "
        f"{percent(told.share)} (95 %: {percent(told.low)} to {percent(told.high)}), {told.rose:,} upwards, "
        f"{told.fell:,} downwards."
    )


def _largest(found: Comparison) -> float:
    return max(abs(found.differences.lowest or 0.0), abs(found.differences.highest or 0.0))


def percent(share: float | None) -> str:
    """A share as people read it.

    >>> percent(0.0), percent(0.001234), percent(0.5), percent(1.0), percent(None)
    ('0 %', '0.123 %', '50 %', '100 %', 'not known')
    """
    return "not known" if share is None else f"{100 * share:.3g} %"


def signed(value: float | None) -> str:
    """A difference with its sign.

    >>> signed(0.25), signed(-3.0), signed(0.0), signed(None)
    ('+0.25', '\u22123', '0', 'not known')
    """
    return "+" + number(value) if value and value > 0 else plain(value)


def plain(value: float | None) -> str:
    """A figure with a minus sign that is as long as a plus."""
    return "\u2212" + number(-value) if value and value < 0 else number(value)
