"""Pieces of HTML pages: tiles, figures, tables of counts, and the style they share. A page needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

STYLE = (Path(__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")


def number(value: float | None) -> str:
    """A figure as people read it: four significant digits, or all before the point; small ones in powers of ten.

    >>> number(0.96667), number(56.6451), number(111864.5), number(1.0), number(0.0000000312), number(None)
    ('0.9667', '56.65', '111,864', '1', '3.1e-08', 'not known')
    """
    if value is None:
        return "not known"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = np.format_float_positional(value, precision=4, unique=False, fractional=False, trim="-")
    return f"{value:.1e}" if 0 < abs(value) < 1e-6 else text


def tile(word: str, figure: str, note: str) -> str:
    """One figure that is seen from afar. The texts are HTML already."""
    return f"<div class='tile'><span>{word}</span><b>{figure}</b><i>{note}</i></div>"


def figure(title: str, note: str, body: str) -> str:
    """A card with a title and what is to be known of it. The texts are HTML already."""
    return f"<section><h2>{title}</h2><p class='note'>{note}</p>{body}</section>"


def counted(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """How often rows of each label got each label, the darker the larger its share of the row."""
    head = "".join(f"<th>{escape(label)}</th>" for label in labels)
    rows = "".join(
        f"<tr><th>{escape(label)}</th>" + "".join(_heat(count, sum(row)) for count in row) + "</tr>"
        for label, row in zip(labels, counts, strict=True)
    )
    return f"<table class='confusion'><tr><th></th>{head}</tr>{rows}</table>"


def _heat(count: int, total: int) -> str:
    strength = round(70 * count / max(total, 1))
    return f"<td style='background: color-mix(in srgb, var(--accent) {strength}%, var(--page))'>{count:,}</td>"


def document(title: str, body: str) -> str:
    """A whole page; `title` is text, `body` HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
