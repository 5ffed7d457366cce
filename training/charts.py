"""Small inline SVG charts for the model card. Colours are CSS variables of the page, so they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bars(counts: Sequence[int], width: int = 150, height: int = 30) -> str:
    """A bar per count, the highest as high as the chart."""
    top, step = max(1, *counts), width / len(counts)
    shapes = "".join(
        f'<rect x="{i * step + 0.5:.1f}" y="{height - height * c / top:.1f}" width="{max(step - 1, 1):.1f}" '
        f'height="{height * c / top:.1f}" rx="1"/>'
        for i, c in enumerate(counts)
    )
    return f'<svg class="bars" viewBox="0 0 {width} {height}" role="img" aria-label="distribution">{shapes}</svg>'


def whisker(value: float, low: float, high: float, span: tuple[float, float], width: int = 190) -> str:
    """A value with its interval on an axis from span[0] to span[1]."""

    def place(x: float) -> float:
        return 6 + (width - 12) * (x - span[0]) / ((span[1] - span[0]) or 1.0)

    return (
        f'<svg class="whisker" viewBox="0 0 {width} 18" role="img" aria-label="{low:.4g} to {high:.4g}">'
        f'<line class="axis" x1="6" x2="{width - 6}" y1="9" y2="9"/>'
        f'<line class="range" x1="{place(low):.1f}" x2="{place(high):.1f}" y1="9" y2="9"/>'
        f'<circle cx="{place(value):.1f}" cy="9" r="4"/></svg>'
    )


_SIZE, _LEFT, _TOP, _BOTTOM = 300, 54, 14, 54  # of a square plot, in its own units
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def square(shapes: str, low: float, high: float, across: str, up: str) -> str:
    """A square plot whose axes both run from `low` to `high`, with the diagonal where both agree."""
    width, height, middle = _LEFT + _SIZE + 16, _TOP + _SIZE + _BOTTOM, _SIZE / 2
    return (
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" aria-label="{up} by {across}">'
        + "".join(_tick(share, low + share * (high - low)) for share in _TICKS)
        + f'<line class="diagonal" x1="{_LEFT}" y1="{_TOP + _SIZE}" x2="{_LEFT + _SIZE}" y2="{_TOP}"/>{shapes}'
        + f'<text class="label" x="{_LEFT + middle}" y="{height - 6}" text-anchor="middle">{across}</text>'
        + f'<text class="label" transform="translate(11 {_TOP + middle}) rotate(-90)" text-anchor="middle">{up}</text>'
        + "</svg>"
    )


def _tick(share: float, value: float) -> str:
    x, y = _LEFT + share * _SIZE, _TOP + (1 - share) * _SIZE
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _SIZE}" y1="{y:.0f}" y2="{y:.0f}"/>'
        f'<text class="tick" x="{x:.0f}" y="{_TOP + _SIZE + 24}" text-anchor="middle">{value:.3g}</text>'
        f'<text class="tick" x="{_LEFT - 14}" y="{y + 4:.0f}" text-anchor="end">{value:.3g}</text>'
    )


def _point(x: float, y: float, low: float, high: float) -> tuple[float, float]:
    reach = (high - low) or 1.0
    return _LEFT + _SIZE * (x - low) / reach, _TOP + _SIZE * (1 - (y - low) / reach)


def scatter(x: Floats, y: Floats, across: str, up: str) -> str:
    """Points of two quantities in the same unit."""
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    places = [_point(float(a), float(b), low, high) for a, b in zip(x, y, strict=True)]
    dots = "".join(f'<circle class="dot" cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in places)
    return square(dots, low, high, across, up)


def reliability(probability: Floats, happened: Floats, bins: int = 10) -> str:
    """How often a class occurred, by the probability it was given; a larger dot stands for more answers."""
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    dots = ""
    for b in np.unique(place):
        inside = place == b
        share = float(inside.mean())
        x, y = _point(float(probability[inside].mean()), float(happened[inside].mean()), 0.0, 1.0)
        dots += f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{3 + 9 * share**0.5:.1f}"/>'
    return square(dots, 0.0, 1.0, "probability given", "share that happened")
