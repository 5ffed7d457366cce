"""A comparison as one HTML page without anything external."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cli.compare import chart, words
from cli.compare.comparison import Comparison, Row
from cli.compare.words import plain, signed
from training.page import counted, document, figure, number, tile


def render(found: Comparison) -> str:
    """The page. Every text that comes from data or a package is escaped."""
    title = f"{found.model}: version {found.after} beside version {found.before}"
    rows = sum((found.rows.both, found.rows.only_before, found.rows.only_after, found.rows.neither))
    summary = (
        f"Both versions on the {rows:,} rows of {escape(found.source)}. "
        f"Differences are version {found.after}&rsquo;s answer less version {found.before}&rsquo;s."
    )
    parts = [f"<header><h1>{escape(title)}</h1><p>{summary}</p></header>", f"<div class='tiles'>{_tiles(found)}</div>"]
    if found.flips:
        parts.append(f"<div class='two'>{_matrix(found)}{_labels(found)}</div>")
    parts += [_differences(found), _shifts(found), _most_different(found), _rows(found)]
    return document(title, "\n".join(parts))


def _tiles(found: Comparison) -> str:
    rows, far = found.rows, found.differences
    alone = f"{rows.only_after:,} by version {found.before}, {rows.only_before:,} by version {found.after}"
    tiles = [tile("Rows scored by both", f"{rows.both:,}", f"rejected by both: {rows.neither:,}")]
    if found.flips:
        flips = found.flips
        note = "no row to tell from" if flips.share is None else f"95 %: {percent(flips.low)} to {percent(flips.high)}"
        share = "" if flips.share is None else f" <small>{percent(flips.share)}</small>"
        tiles.append(tile("Rows with another label", f"{flips.count:,}{share}", note))
        tiles.append(tile("Largest change of a probability", number(far.highest), f"mean {number(far.mean)}"))
    else:
        tiles.append(tile("Median difference", signed(far.quantiles["50"]), f"mean {signed(far.mean)}"))
        largest = max(far.lowest, far.highest, key=lambda v: abs(v or 0.0))
        tiles.append(tile("Largest difference", signed(largest), f"{signed(far.lowest)} to {signed(far.highest)}"))
    return "".join([*tiles, tile("Rejected by one alone", f"{rows.only_before + rows.only_after:,}", alone)])


def _matrix(found: Comparison) -> str:
    matrix = found.flips.matrix if found.flips else ()
    note = f"Rows are the answers of version {found.before}, columns those of version {found.after}."
    return figure("From label to label", note, counted(found.labels, matrix))


def _labels(found: Comparison) -> str:
    most = max((max(before, after) for _, before, after in found.label_counts), default=0)
    body = [
        [f"<td>{escape(name)}</td>", _n(f"{before:,}"), _n(f"{after:,}"), f"<td>{chart.pair(before, after, most)}</td>"]
        for name, before, after in found.label_counts
    ]
    note = f"Of all rows that a version scored. Grey is version {found.before}."
    heads = ["Label", f"!Version {found.before}", f"!Version {found.after}", ""]
    return figure("How often each label is answered", note, _table(heads, body))


def _differences(found: Comparison) -> str:
    far = found.differences
    what = "the largest change of its probabilities" if found.flips else "the change of its value"
    if far.mean is None or far.lowest is None or far.highest is None:
        return figure("How far the answers moved", "No row was scored by both versions.", "")
    if far.lowest == far.highest == 0:
        return figure("How far the answers moved", "Not at all: every row got the same answer twice.", "")
    note = (
        f"Of every row, {what}. Heights are square roots of counts. "
        f"Quantiles are within {percent(far.quantile_error)} of a value that occurs."
    )
    if found.correlation is not None:
        note += f" The answers of both versions correlate with {plain(found.correlation)}."
    if found.crossing:
        note += f" {escape(words.crossing(found.crossing, found.before))}"
    picked = {"": far.absolute_quantiles} if found.flips else {"Signed": far.quantiles, "Size": far.absolute_quantiles}
    heads = ["", *(f"!{share} %" for share in far.quantiles), "!Mean"]
    means = {"Signed": signed(far.mean), "Size": number(far.mean_absolute), "": number(far.mean_absolute)}
    body = [
        [f"<td>{word or 'Change'}</td>", *(_n(plain(v)) for v in quantiles.values()), _n(means[word])]
        for word, quantiles in picked.items()
    ]
    picture = chart.histogram(far.histogram, far.lowest, far.highest)
    return figure("How far the answers moved", note, f"{picture}<h3>Quantiles</h3>{_table(heads, body)}")


def _shifts(found: Comparison) -> str:
    if not found.flips or not any(shift.largest for shift in found.shifts):
        return ""
    body = [
        [
            f"<td>{escape(s.name)}</td>",
            _n(signed(s.mean)),
            _n(signed(s.largest)),
            _n(f"{s.line:,}" if s.largest else ""),
        ]
        for s in found.shifts
    ]
    note = "The probability of each label, over the rows scored by both."
    return figure("Which labels moved", note, _table(["Label", "!Mean", "!Largest", f"!On {found.named_by}"], body))


def _most_different(found: Comparison) -> str:
    if not found.most_different:
        return figure("The rows that differ most", "No row differs.", "")
    which = "the line of the file on which it begins" if found.named_by == "line" else "its number in the file"
    note = f"A row by {which}; of equals, those with another label and the first ones."
    heads = [f"!{found.named_by.capitalize()}", *_answer_heads(found), "!Difference"]
    shown = number if found.flips else signed  # what a label's probability lost or won is in its scores
    body = [[_n(f"{r.line:,}"), *_answers(r, found), _n(shown(r.difference))] for r in found.most_different]
    return figure("The rows that differ most", note, _table(heads, body))


def _answer_heads(found: Comparison) -> list[str]:
    versions = (f"Version {found.before}", f"Version {found.after}")
    return [head for v in versions for head in ((v, "!Score") if found.flips else (f"!{v}",))]


def _answers(row: Row, found: Comparison) -> list[str]:
    cells = []
    for label, score in ((row.label_before, row.score_before), (row.label_after, row.score_after)):
        cells += [f"<td>{escape(label or '')}</td>"] if found.flips else []
        cells.append(_n(plain(score)))
    return cells


def _rows(found: Comparison) -> str:
    rows = found.rows
    body = [
        [f"<td>{what}</td>", _n(f"{count:,}")]
        for what, count in (
            ("Scored by both", rows.both),
            (f"Scored by version {found.before}, rejected by version {found.after}", rows.only_before),
            (f"Scored by version {found.after}, rejected by version {found.before}", rows.only_after),
            ("Rejected by both", rows.neither),
        )
    ]
    return figure(
        "Every row is in one of these",
        "The rejected rows and their reasons lie beside this page, in the folders of the versions.",
        _table(["", "!Rows"], body),
    )


def percent(share: float | None) -> str:
    """On one line."""
    return words.percent(share).replace(" ", "&nbsp;")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Heads that begin with `!` stand over numbers."""
    head = "".join(f"<th class='n'>{h[1:]}</th>" if h.startswith("!") else f"<th>{h}</th>" for h in heads)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _n(text: str) -> str:
    return f"<td class='n'>{text}</td>"
