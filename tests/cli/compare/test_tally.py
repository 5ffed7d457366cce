"""What a comparison says in sum, beside sums over all rows at once."""

import json
import random

import numpy as np
import pytest

from cli.compare.align import Aligned, Side
from cli.compare.answers import Answers
from cli.compare.most import MOST
from cli.compare.spread import ERROR
from cli.compare.tally import Tally, compare
from tests.cli.compare.test_align import csv_text, rows_of
from tests.fakes.runs import run_of
from tests.fakes.versions import both_versions

LABELS = ("low", "mid", "high")


def side_of(rng, n, labels, steps):
    """Random answers to a random part of n rows; few distinct values, so that many are equal."""
    scored = rng.random(n) < 0.8
    values = rng.integers(0, steps, (int(scored.sum()), max(1, len(labels)))) / steps
    label = values.argmax(axis=1)
    return Side(scored, Answers(label, values[np.arange(len(label)), label], values))


def cut(side, begin, end):
    first, last = int(side.scored[:begin].sum()), int(side.scored[:end].sum())
    return Side(side.scored[begin:end], side.answers[first:last] if last > first else None)


def tallied(line, before, after, labels, ends):
    tally = Tally(labels)
    for begin, end in zip([0, *ends], [*ends, len(line)], strict=True):
        tally.add_all([Aligned(line[begin:end], cut(before, begin, end), cut(after, begin, end))])
    return tally


@pytest.mark.law
@pytest.mark.parametrize("labels", [LABELS, ()])
@pytest.mark.parametrize("steps", [3, 10_000])
def test_sums_over_stretches_are_those_over_all_rows(law, labels, steps):
    rng = np.random.default_rng(law.seed)
    n = int(rng.integers(100, 900))
    line = np.cumsum(rng.integers(1, 4, n))
    before, after = side_of(rng, n, labels, steps), side_of(rng, n, labels, steps)
    tally = tallied(line, before, after, labels, sorted(rng.integers(0, n, 5).tolist()))
    both = before.scored & after.scored
    rows = tally.rows()
    assert rows.both == both.sum()
    assert rows.only_before == (before.scored & ~after.scored).sum()
    assert rows.only_after == (~before.scored & after.scored).sum()
    assert rows.neither == (~before.scored & ~after.scored).sum()
    b, a = before.answers[both[before.scored]], after.answers[both[after.scored]]
    moved = a.values - b.values
    check_differences(tally.differences(), np.abs(moved).max(axis=1) if labels else moved[:, 0])
    for column, shift in enumerate(tally.shifts(labels or ("price",))):
        assert shift.mean == pytest.approx(moved[:, column].mean(), abs=1e-12)
        furthest = np.abs(moved[:, column]).argmax()
        assert (shift.largest, shift.line) == (moved[furthest, column], line[both][furthest])
    check_most(tally.most.rows(), line[both], b, a, moved, labels)
    if labels:
        check_labels(tally, before, after, b, a)


def check_differences(found, wanted):
    assert found.mean == pytest.approx(wanted.mean(), abs=1e-12)
    assert found.mean_absolute == pytest.approx(np.abs(wanted).mean())
    assert (found.lowest, found.highest) == (wanted.min(), wanted.max())
    assert sum(found.histogram) == len(wanted)
    for quantiles, values in ((found.quantiles, wanted), (found.absolute_quantiles, np.abs(wanted))):
        for percent, value in quantiles.items():
            exact = np.sort(values)[int(int(percent) / 100 * (len(values) - 1))]
            assert value == pytest.approx(exact, rel=ERROR * 1.001, abs=0)


def check_most(found, line, b, a, moved, labels):
    distance, flipped = np.abs(moved).max(axis=1), b.label != a.label
    order = np.lexsort((line, ~flipped, -distance))
    order = order[(distance > 0)[order] | flipped[order]][:MOST]
    assert [(row.line, abs(row.difference)) for row in found] == [(line[i], distance[i]) for i in order]
    for row, i in zip(found, order, strict=True):
        assert (row.score_before, row.score_after) == (b.score[i], a.score[i])
        named = (row.label_before, row.label_after)
        assert named == ((labels[b.label[i]], labels[a.label[i]]) if labels else (None, None))


def check_labels(tally, before, after, b, a):
    flips = tally.flips()
    assert flips.count == (b.label != a.label).sum()
    assert flips.share == flips.count / len(b)
    assert flips.low < flips.share < flips.high
    for i, j in np.ndindex(3, 3):
        assert flips.matrix[i][j] == ((b.label == i) & (a.label == j)).sum()
    for index, counted in enumerate(tally.label_counts()):
        whole = [int((side.answers.label == index).sum()) for side in (before, after)]
        assert counted == (LABELS[index], *whole)


def test_a_label_that_flips_by_its_threshold_alone_is_among_the_most_different():
    values, scored = np.full((3, 2), 0.5), np.ones(3, dtype=np.bool_)
    sides = [Side(scored, Answers(np.array(label), values[:, 1], values)) for label in ([0, 0, 0], [0, 1, 0])]
    tally = tallied(np.array([2, 3, 4]), *sides, ("no", "yes"), [])
    (row,) = tally.most.rows()
    assert (row.line, row.label_before, row.label_after, row.difference) == (3, "no", "yes", 0)
    assert tally.flips().count == 1


@pytest.mark.parametrize("task", ["multiclass", "binary", "regression"])
def test_a_version_beside_itself_differs_in_nothing_and_the_whole_is_json(tmp_path, task):
    source, package = tmp_path / "a.csv", both_versions(task)[0]
    source.write_bytes(csv_text(rows_of(random.Random(1), 50)))
    runs = [run_of(source, package, tmp_path / name) for name in ("one", "other")]
    found = compare(source, *runs)
    assert found.rows.only_before == found.rows.only_after == 0
    assert found.rows.both > 0
    assert found.most_different == ()
    assert found.differences.highest == found.differences.absolute_quantiles["99"] == 0
    assert {shift.largest for shift in found.shifts} == {0}
    if task == "regression":
        assert (found.flips, found.label_counts) == (None, ())
        assert [shift.name for shift in found.shifts] == ["price"]
    else:
        assert (found.flips.count, found.flips.low) == (0, 0)
        assert all(before == after for _, before, after in found.label_counts)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["rows"]["both"] == found.rows.both


@pytest.mark.parametrize("rows", [0, 1])
def test_of_no_common_row_nothing_is_claimed(tmp_path, rows):
    source, packages = tmp_path / "a.csv", both_versions()
    bad = {**rows_of(random.Random(1), 1)[0], "amount": "wide"}
    source.write_bytes(csv_text([bad] * rows))
    found = compare(source, *(run_of(source, p, tmp_path / str(p.manifest.version)) for p in packages))
    assert (found.rows.both, found.rows.neither) == (0, rows)
    assert (found.flips.count, found.flips.share, found.shifts, found.most_different) == (0, None, (), ())
    assert found.differences.mean is None
    json.dumps(found.to_json(), allow_nan=False)


def test_a_label_that_one_version_alone_has_counts_as_never_given_by_the_other(tmp_path):
    source, (three, _), (two, _) = tmp_path / "a.csv", both_versions(), both_versions("binary")
    source.write_bytes(csv_text(rows_of(random.Random(1), 40)))
    found = compare(source, run_of(source, two, tmp_path / "2"), run_of(source, three, tmp_path / "3"))
    assert found.labels == ("no", "yes", "low", "mid", "high")
    assert found.flips.count == found.rows.both > 0
    assert {name: (before > 0, after > 0) for name, before, after in found.label_counts}["no"][1] is False
