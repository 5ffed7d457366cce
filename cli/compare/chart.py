"""Inline SVG charts of a comparison, in the colours of the page."""

from __future__ import annotations

from collections.abc import Sequence

from cli.compare.words import plain

_WIDTH, _HEIGHT, _FOOT = 900, 150, 22


def histogram(counts: Sequence[int], low: float, high: float) -> str:
    """A bar per count from `low` to `high`; heights are square roots, so that a few rows are seen beside many."""
    top, step = max(1, *counts) ** 0.5, _WIDTH / len(counts)
    heights = [max(_HEIGHT * count**0.5 / top, 2.0) if count else 0.0 for count in counts]
    bars = "".join(
        f'<rect x="{i * step + 1:.1f}" y="{_HEIGHT - height:.1f}" width="{step - 2:.1f}" height="{height:.1f}" rx="2">'
        f"<title>{count:,} rows</title></rect>"
        for i, (count, height) in enumerate(zip(counts, heights, strict=True))
        if count
    )
    ticks = "".join(
        f'<text class="tick" x="{place * _WIDTH:.0f}" y="{_HEIGHT + 17}" text-anchor="{anchor}">'
        f"{plain(low + place * (high - low))}</text>"
        for place, anchor in ((0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1, "end"))
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" style="width: 100%; fill: var(--accent)" role="img" '
        f'aria-label="distribution of the differences">{bars}'
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>{ticks}</svg>'
    )


def pair(before: int, after: int, most: int) -> str:
    """Two counts as bars, one above the other, out of `most`."""
    widths = [130 * count / max(1, most) for count in (before, after)]
    return (
        '<svg viewBox="0 0 130 18" style="width: 130px; height: 18px" role="img" '
        f'aria-label="{before} and {after}"><rect y="1" width="{widths[0]:.1f}" height="7" rx="2" '
        f'style="fill: var(--soft)"/><rect y="10" width="{widths[1]:.1f}" height="7" rx="2" '
        'style="fill: var(--accent)"/></svg>'
    )
