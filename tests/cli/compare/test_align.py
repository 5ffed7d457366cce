"""Rows of two runs side by side: nothing is misaligned by what one version alone rejects, whatever the format."""

import csv
import gzip
import io
import json
import random
from dataclasses import replace

import duckdb
import numpy as np
import pytest
from scorelet.file_settings import OUTPUTS, FileSettings
from scorelet.package import load_package

from cli.compare.align import align
from cli.compare.run import Incomparable
from tests.fakes.package import tiny_package
from tests.fakes.runs import run_of
from tests.fakes.versions import both_versions
from tests.laws import full_or

NAMES = ("nr", "amount", "age", "member", "colour", "note")
AMOUNTS = ("5.10", "-7", "1500", "9999", "wide", "", "0", "1e3")  # both, the first, the second, neither, ...


def rows_of(chance, n):
    """Rows with a number of their own, of which either version rejects some."""
    notes = ("", "two\nlines", 'say "hi"', "=1+1", "ü;|,\t")
    return [
        {
            "nr": str(i),
            "amount": chance.choice(AMOUNTS),
            "age": chance.choice(("33", "", "x")),
            "member": "1",
            "colour": chance.choice(("red", 'blue "navy", dark')),
            "note": chance.choice(notes),
        }
        for i in range(n)
    ]


def csv_text(rows, delimiter=",", header=True):
    file = io.StringIO()
    writer = csv.DictWriter(file, NAMES, delimiter=delimiter, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def scored_by_number(run, delimiter=","):
    """What the naive reader finds in the scored CSV files: label and probabilities by the row's number."""
    found = {}
    for path in run.scored:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=delimiter):
                found[int(row["nr"])] = [v for name, v in row.items() if name not in NAMES]
    return found


def all_aligned(source, before, after, stretch_bytes=1 << 20):
    """Of every row of the source: its line, and the label's index and the values of either version, or None."""
    labels = tuple(dict.fromkeys((*before.signature.labels, *after.signature.labels)))
    found = []
    for part in align(source, before, after, labels, stretch_bytes=stretch_bytes):
        sides = []
        for side in (part.before, part.after):
            column = [None] * len(part.line)
            for place, row in enumerate(np.flatnonzero(side.scored)):
                column[row] = (labels and labels[side.answers.label[place]], side.answers.values[place].tolist())
            sides.append(column)
        found += list(zip(part.line.tolist(), *sides, strict=True))
    return labels, found


@pytest.mark.law
@pytest.mark.parametrize("task", ["multiclass", "binary", "regression"])
def test_every_row_meets_its_own_answers_whatever_either_version_rejects(law, tmp_path, task):
    """Beside a naive reading by the number that every row carries, for any cut into parts and stretches."""
    packages = both_versions(task)
    chance = law.chance()
    for turn in law.each(range(full_or(60, 4))):
        delimiter = chance.choice(",;\t|")
        rows = rows_of(chance, chance.randrange(0, 80))
        source = tmp_path / f"{turn}.csv"
        source.write_bytes(csv_text(rows, delimiter))
        runs = [
            run_of(source, p, tmp_path / f"{turn}-{p.manifest.version}", rows_a_part=chance.choice((0, 1, 7)))
            for p in packages
        ]
        wanted = [scored_by_number(run, delimiter) for run in runs]
        labels, found = all_aligned(source, *runs, stretch_bytes=chance.choice((60, 1000, 1 << 20)))
        assert len(found) == len(rows)
        for number, (line, *sides) in enumerate(found):
            head = csv_text(rows[:number], delimiter)
            assert line == head.count(b"\n") + 1, number
            for side, by_number, package in zip(sides, wanted, packages, strict=True):
                assert (side is None) == (number not in by_number), number
                if side is not None:
                    same_answer(side, by_number[number], labels, package.signature.labels)


def same_answer(side, cells, labels, own):
    label, values = side
    if not own:
        assert np.float32(cells[0]) == values[0]
        return
    assert label == cells[0]
    probabilities = dict(zip(own, cells[2:], strict=True))
    assert [np.float32(probabilities[name]) for name in labels] == values


FORMS = {
    "headerless": (FileSettings(header=False, columns=NAMES), lambda rows: csv_text(rows, header=False)),
    "packed": (FileSettings(), lambda rows: gzip.compress(csv_text(rows, "|"))),
    "as JSON lines": (FileSettings(output="jsonl"), csv_text),
    "as packed CSV": (FileSettings(output="csv.gz", keep=("note",)), csv_text),
    "as Parquet": (FileSettings(output="parquet", drop=("nr",)), csv_text),
    "JSON lines": (FileSettings(), lambda rows: "\n".join(json.dumps(typed(row)) for row in rows).encode()),
}


def typed(row):
    try:
        return {**row, "amount": float(row["amount"]), "age": int(row["age"]), "member": True}
    except ValueError:
        return row


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_aligned(tmp_path, form):
    settings, write = FORMS[form]
    rows = rows_of(random.Random(3), 60)
    plain, source = tmp_path / "plain.csv", tmp_path / "source"
    source.write_bytes(write(rows))
    packages = both_versions()
    runs = [run_of(source, p, tmp_path / f"{p.manifest.version}", settings) for p in packages]
    _, found = all_aligned(source, *runs, stretch_bytes=300)
    if form == "JSON lines":
        plain.write_bytes(csv_text([row for row in rows if typed(row) is not row]))
        found = [one for one, row in zip(found, rows, strict=True) if typed(row) is not row]
    else:
        plain.write_bytes(csv_text(rows))
    wanted = all_aligned(
        plain, *(run_of(plain, p, tmp_path / f"plain-{p.manifest.version}") for p in packages), stretch_bytes=300
    )[1]
    assert [one[1:] for one in found] == [one[1:] for one in wanted]
    assert {(b is None, a is None) for _, b, a in found} == {(i, j) for i in (True, False) for j in (True, False)}


def test_parquet_is_aligned_by_the_numbers_of_its_rows(tmp_path):
    plain, source = tmp_path / "plain.csv", tmp_path / "source.parquet"
    plain.write_bytes(csv_text([{**row, "note": "n"} for row in rows_of(random.Random(4), 60)]))
    duckdb.sql(f"COPY (FROM read_csv('{plain}', all_varchar = true)) TO '{source}'")
    packages = both_versions()
    for output in (None, "csv"):
        runs = [
            [run_of(path, p, tmp_path / f"{path.stem}-{p.manifest.version}-{output}", FileSettings(output=output))
             for p in packages]
            for path in (plain, source)
        ]  # fmt: skip
        for run in runs[1]:
            number_rejects(run.rejected[0], plain)
        wanted, found = (all_aligned(path, *two)[1] for path, two in zip((plain, source), runs, strict=True))
        assert [(line - 1, *sides) for line, *sides in wanted] == found


def number_rejects(path, plain):
    """The reject file as it is for what is no text: no byte, and the row's number as its line."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {**row, "line": row["line"] if not row["byte"] else int(row["line"]) - 1, "byte": ""} for row in rows
        )


@pytest.mark.parametrize("output", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("escape", [True, False])
def test_labels_that_look_like_formulas_are_read_back(tmp_path, output, escape):
    source, labels = tmp_path / "a.csv", ("=up", "'=x", '-1,"x')
    source.write_bytes(csv_text(rows_of(random.Random(6), 40)))
    first, second = (
        load_package(tiny_package(labels=order, version=i + 1)[0].__getitem__, expected_digest=None, public_key=None)
        for i, order in enumerate((labels, labels[::-1]))
    )
    settings = FileSettings(output=output, escape_formulas=escape)
    runs = [run_of(source, p, tmp_path / str(p.manifest.version), settings) for p in (first, second)]
    _, found = all_aligned(source, *runs)
    opposite = dict(zip(labels, labels[::-1], strict=True))
    pairs = [(before[0], after[0]) for _, before, after in found if before]
    assert len({label for label, _ in pairs}) > 1
    assert all(opposite[before] == after for before, after in pairs)


def two_runs(tmp_path, rows):
    source = tmp_path / "a.csv"
    source.write_bytes(csv_text(rows))
    packages = both_versions()
    return source, *(run_of(source, p, tmp_path / f"{p.manifest.version}") for p in packages)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: body + b"1,5.10,33,1,red,\n", "fewer scored rows"),
        (lambda body: body[: body.rindex(b"\n", 0, -1) + 1], "more scored rows|behind the end"),
        (lambda body: body.replace(b"\n0,", b"\n00,"), "a rejected row is none of the file"),
    ],
)
def test_another_file_than_the_one_that_was_scored_is_refused(tmp_path, change, words):
    rows = [{**row, "note": ""} for row in rows_of(random.Random(5), 30)]
    source, before, after = two_runs(tmp_path, rows)
    source.write_bytes(change(source.read_bytes()))
    with pytest.raises(Incomparable, match=words):
        all_aligned(source, before, after)


def test_a_manifest_with_other_counts_is_refused(tmp_path):
    source, before, after = two_runs(tmp_path, rows_of(random.Random(5), 9))
    with pytest.raises(Incomparable, match="version 2 has read 8 rows of 9"):
        all_aligned(source, before, replace(after, manifest={**after.manifest, "rows_in": 8}))


def test_versions_that_read_the_file_in_different_ways_are_refused_with_a_remedy(tmp_path):
    source, before, after = two_runs(tmp_path, [])
    other = {"max_reject_rate": 1.0, "purpose": "comparison", "delimiter": ";"}
    with pytest.raises(Incomparable, match="versions 1 and 2 read the file in different ways") as caught:
        all_aligned(source, before, replace(after, manifest={**after.manifest, "settings": other}))
    assert "--set" in caught.value.remedy


def test_a_number_and_a_label_are_not_compared(tmp_path):
    source, before, _ = two_runs(tmp_path, [])
    number = run_of(source, both_versions("regression")[1], tmp_path / "number")
    with pytest.raises(Incomparable, match="one version answers with a number"):
        all_aligned(source, before, number)


LONG = ("x" * ((1 << 20) - 40), "\r\n" * ((1 << 19) - 20), '"' * ((1 << 19) - 20), "=", "\0", 'a"\rb', "", " ")


@pytest.mark.parametrize("output", [*OUTPUTS, None])
@pytest.mark.parametrize("delimiter", [",", "|"])
def test_scored_rows_that_are_longer_than_a_record_are_compared(tmp_path, output, delimiter):
    row = {**rows_of(random.Random(5), 1)[0], "nr": "=", "amount": "5.10", "age": "33", "colour": "red"}
    rows = [{**row, "note": note} for note in LONG]
    source = tmp_path / "a.csv"
    source.write_bytes(csv_text(rows, delimiter))
    settings = FileSettings(output=output)
    runs = [run_of(source, p, tmp_path / f"{p.manifest.version}", settings) for p in both_versions()]
    _, found = all_aligned(source, *runs)
    assert [run.manifest["rows_scored"] for run in runs] == [len(LONG)] * 2
    assert all(before and after for _, before, after in found)
    assert len({str(sides) for _, *sides in found}) == 1, "the answers to all of them are the same"


def test_a_scored_row_that_is_longer_than_a_record_is_compared_where_json_lines_came_in(tmp_path):
    row = {"amount": 5.1, "age": 33, "member": True, "colour": "red", "note": "x" * ((1 << 20) - 90)}
    source = tmp_path / "a.jsonl"
    source.write_text(json.dumps(row) + "\n")
    runs = [run_of(source, p, tmp_path / f"{p.manifest.version}") for p in both_versions()]
    ((_, before, after),) = all_aligned(source, *runs)[1]
    assert before
    assert after


def test_a_scored_file_that_cannot_be_read_back_is_named(tmp_path):
    source, before, after = two_runs(tmp_path, [{**rows_of(random.Random(5), 1)[0], "amount": "5.10", "age": "33"}])
    before.scored[0].write_bytes(before.scored[0].read_bytes() + b"1,2\n")
    with pytest.raises(Incomparable, match=r"scored\.csv cannot be read back"):
        all_aligned(source, before, after)
