"""Correlations and crossings over stretches, against numpy over all rows at once."""

import csv
import random
from dataclasses import replace

import numpy as np
import pytest

from cli.compare.page import render
from cli.compare.tally import compare
from cli.compare.together import Together
from cli.compare.words import told
from tests.cli.compare.test_align import csv_text, rows_of
from tests.fakes.package import tiny_package
from tests.fakes.runs import run_of
from tests.fakes.versions import both_versions


def test_a_correlation_is_that_of_all_rows_whatever_the_stretches():
    numbers = np.random.default_rng(3)
    x = numbers.normal(1e6, 1, 5000)
    y = 0.3 * x + numbers.normal(0, 1, 5000)
    together = Together()
    for one, other in zip(np.array_split(x, 17), np.array_split(y, 17), strict=True):
        together.add(one, other)
    together.add(x[:0], y[:0])
    assert together.correlation == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-9)


@pytest.mark.parametrize("y", [[3.0, 3.0], []])
def test_what_does_not_vary_has_no_correlation(y):
    together = Together()
    together.add(np.arange(len(y), dtype=np.float64), np.array(y))
    assert together.correlation is None


def compared(task, tmp_path, moved=None):
    """A version beside one that answers with other numbers for the same labels."""
    source, (first, second) = tmp_path / "a.csv", both_versions(task)
    source.write_bytes(csv_text(rows_of(random.Random(4), 80)))
    runs = [run_of(source, package, tmp_path / str(package.manifest.version)) for package in (first, second)]
    return compare(source, *map(moved or (lambda run: run), runs)), runs


def test_of_values_the_correlation_is_that_of_the_rows_in_common(tmp_path):
    found, _ = compared("regression", tmp_path)
    assert found.correlation == pytest.approx(1)  # the same graph on the rows that both take
    assert found.crossing is None
    assert "Correlation of both versions' answers: 1." in told(found)


def test_versions_with_other_positive_labels_have_no_threshold_in_common(tmp_path):
    found, _ = compared("binary", tmp_path)  # the second version's labels stand in the other order
    assert found.crossing is None
    assert found.correlation is not None


def test_rows_that_cross_the_threshold_are_counted_whatever_their_labels(tmp_path):
    binary = tiny_package("binary")[1].signature
    source, (first, _) = tmp_path / "a.csv", both_versions("binary")
    source.write_bytes(csv_text(rows_of(random.Random(4), 80)))
    one, other = (run_of(source, first, tmp_path / name) for name in ("one", "other"))
    with other.scored[0].open(newline="") as file:
        head, *rows = csv.reader(file)
    moved = [shifted(row, -0.3) for row in rows]
    with other.scored[0].open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *moved])
    found = compare(source, replace(one, signature=replace(binary, threshold=0.6)), replace(other, version=2))
    p, q = (np.array([float(row[-1]) for row in side], dtype=np.float32) for side in (rows, moved))
    limit = np.float32(0.6)
    assert found.crossing.fell == int(((p >= limit) & (q < limit)).sum()) > 0
    assert found.crossing.rose == int(((p < limit) & (q >= limit)).sum())
    assert found.crossing.low < found.crossing.share < found.crossing.high
    assert found.flips.count == 0  # the labels were left as they were
    assert f"{found.crossing.fell} rows cross it" in told(found)
    assert "Threshold 0.6 of version 1 for yes" in render(found)


def shifted(row, by):
    positive = round(float(np.clip(float(row[-1]) + by, 0, 1)), 6)
    return [*row[:-3], f"{positive}", f"{1 - positive:.6f}", f"{positive}"]
