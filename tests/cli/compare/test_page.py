"""The page and the words of a comparison: whole, escaped, and right where nothing differs."""

import random
import re
from dataclasses import replace

import pytest

from cli.compare.page import render
from cli.compare.tally import compare
from cli.compare.words import told
from tests.cli.compare.test_align import csv_text, rows_of
from tests.fakes.runs import run_of
from tests.fakes.versions import both_versions


@pytest.fixture(scope="module", params=["multiclass", "binary", "regression"])
def found(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    source = folder / "march.csv"
    source.write_bytes(csv_text(rows_of(random.Random(3), 90)))
    packages = both_versions(request.param)
    first, second = (run_of(source, p, folder / str(p.manifest.version)) for p in packages)
    return compare(source, first, second), compare(source, first, replace(first, version=2))


def test_the_page_needs_nothing_from_outside_and_every_tag_is_closed(found):
    for one in found:
        html = render(one)
        assert not re.search(r"https?:|//|\bsrc=|<link|<script|url\(|@import", html.replace("</", ""))
        for tag in ("section", "table", "svg", "div", "tr", "td", "text", "b"):
            assert len(re.findall(f"<{tag}[ >]", html)) == html.count(f"</{tag}>"), tag
        assert "None" not in html
        assert "nan" not in html


def test_page_and_words_tell_every_count(found):
    one, _ = found
    html, words = render(one), told(one)
    rows = one.rows
    assert rows.both > 0 < rows.only_before != rows.only_after > 0 < rows.neither
    assert f"<td>Scored by version 1, rejected by version 2</td><td class='n'>{rows.only_before}</td>" in html
    assert f"<td>Scored by version 2, rejected by version 1</td><td class='n'>{rows.only_after}</td>" in html
    assert (
        f"90 rows, {rows.both} scored by both, {rows.only_before} by version 1 alone, "
        f"{rows.only_after} by version 2 alone, {rows.neither} by neither." in words
    )
    if one.flips:
        assert f"<b>{one.flips.count} <small>" in html
        assert f"Another label: {one.flips.count} rows, " in words
        for count in (count for row in one.flips.matrix for count in row):
            assert f">{count}</td>" in html
    for row in one.most_different:
        assert f"<td class='n'>{row.line}</td>" in html


def test_no_difference_is_told_in_words(found):
    _, same = found
    html = render(same)
    assert "every row got the same answer twice" in html
    assert "No row differs." in html
    assert "<rect" in html or not same.flips
    if same.flips:
        assert "Another label: 0 rows, 0 % of those scored by both (95 %: 0 % to " in told(same)


def test_of_no_common_row_nothing_is_told_but_the_counts(tmp_path):
    source, packages = tmp_path / "a.csv", both_versions()
    source.write_bytes(csv_text([]))
    one = compare(source, *(run_of(source, p, tmp_path / str(p.manifest.version)) for p in packages))
    assert "No row was scored by both versions." in render(one)
    assert "no row to tell from" in render(one)
    assert told(one).count("\n") == 0


@pytest.mark.parametrize("found", ["multiclass", "binary"], indirect=True)
def test_texts_from_names_and_labels_are_escaped(found):
    one, _ = found
    hostile = "<img onerror=x>"
    labels = (hostile, *one.labels[1:])
    html = render(
        replace(
            one,
            labels=labels,
            model=hostile,
            source=hostile,
            label_counts=tuple((hostile, b, a) for _, b, a in one.label_counts),
            shifts=tuple(replace(s, name=hostile) for s in one.shifts),
            most_different=tuple(replace(r, label_before=hostile, label_after=hostile) for r in one.most_different),
        )
    )
    assert "<img" not in html
    assert html.count("&lt;img onerror=x&gt;") > 8
