"""Every form a file may have, and every form it may come out in: no row is lost, and each is answered as by the API."""

import csv
import gzip
import io
import random
from dataclasses import replace

import numpy as np
import pytest
from scorelet.batch_score import BatchOptions, score_file
from scorelet.features import columns_from_records
from scorelet.file_settings import FileSettings
from scorelet.formulas import guarded
from scorelet.outputs import OUTPUTS as FILES
from scorelet.package import load_package

from tests.fakes.forms import (
    INPUTS,
    OUTPUTS,
    random_records,
    read_output,
    typed,
    write_csv,
    write_jsonl,
    write_parquet,
)
from tests.fakes.package import FEATURES, tiny_package

TASKS = ("binary", "multiclass", "regression")


def served(task="multiclass"):
    return load_package(tiny_package(task)[0].__getitem__, expected_digest=None, public_key=None)


def score(folder, package, **options):
    totals = score_file(folder / "source", package, folder, BatchOptions(threads=2, **options))
    path = folder / f"scored{totals.output.suffix}"
    rejects = list(csv.DictReader(io.StringIO((folder / "rejected.csv").read_bytes().decode(), newline="")))
    assert totals.rows_in == totals.rows_scored + len(rejects)
    assert {file.name for file in folder.iterdir()} <= {"source", "rejected.csv", path.name, "sound.csv", "before"}
    return totals, path, rejects


def verdicts(package, records):
    """For every record alone: its code, and the model's numbers if it is scored."""
    found = []
    for record in records:
        encoded, predictions = package.answer(columns_from_records(package.signature, [record]))
        problems = encoded.problems()
        found.append((problems[0].code, None) if problems else ("ok", predictions))
    return found


def as_api(records, types):
    """What the API would be sent for rows of Parquet: text is read as the cells of CSV are."""
    names = {"amount": float, "age": float, "member": {"true": True, "false": False}.__getitem__, "colour": str}

    def value(name, cell):
        if types[name] != "VARCHAR" or not isinstance(cell, str):
            return cell
        try:
            return names[name](cell)
        except (ValueError, KeyError):
            return cell

    return [{f.name: value(f.name, record[f.name]) for f in FEATURES} for record in records]


def passed(form, output, record, types):
    """The cells that stand before the answers, as the output's reader gives them; `record` is as the form has it."""
    out = output.partition(".")[0]
    if form.startswith("jsonl"):
        if out == "jsonl":
            return {name: value for name, (_, value) in record.items()}
        chosen = {name: text_of(record[name][1]) for name in ("row", "amount", "age", "member", "colour")}
        return {n: guarded(t or "") for n, t in chosen.items()} if out == "csv" else chosen
    if form == "parquet":
        if out == "csv":
            return {name: guarded(text_of(value, types[name]) or "") for name, value in record.items()}
        return record
    texts = {name: text for name, (text, _) in record.items()}
    return {n: guarded(t) for n, t in texts.items()} if out == "csv" else {n: t or None for n, t in texts.items()}


def text_of(value, type_=""):
    if value is None or isinstance(value, str):
        return value
    value = float(value) if type_ == "DOUBLE" else value
    return str(value).lower() if isinstance(value, bool) else repr(value)


def written(path, form, records, seed):
    """Write the file; the types of its columns, its rows as the form has them, and as the API would be sent them."""
    if form == "parquet":
        types, rows = typed(records, seed)
        write_parquet(path, types, [list(row.values()) for row in rows])
        return types, rows, as_api(rows, types)
    body = write_csv(records) if form.startswith("csv") else write_jsonl(records)
    path.write_bytes(gzip.compress(body) if form.endswith("gz") else body)
    return {}, records, [{name: value for name, (_, value) in record.items()} for record in records]


@pytest.mark.law
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("form", INPUTS)
def test_every_row_of_every_form_is_in_one_place_with_the_answer_of_the_api(law, tmp_path, form, output):
    for seed in law.seeds(20, 2):
        chance = random.Random(seed)
        package = served(chance.choice(TASKS))
        types, rows, sent = written(tmp_path / "source", form, random_records(seed, chance.randrange(60)), seed)
        wanted = verdicts(package, sent)
        settings = FileSettings(output=output, id="row", format="jsonl" if form.startswith("jsonl") else None)
        if not form.startswith("csv"):  # of CSV it says how to read, of the others how CSV is written
            settings = replace(settings, delimiter=chance.choice([None, ";", "\t", "|"]))
        stretch = chance.randrange(1, 4000)
        totals, path, rejects = score(tmp_path, package, stretch_bytes=stretch, file=settings)
        assert path.name == f"scored{FILES[output or form].suffix}"
        assert totals.rows_in == len(rows), seed
        bad = [(n, code) for n, (code, _) in enumerate(wanted) if code != "ok"]
        assert [(r["id"], r["code"]) for r in rejects] == [(f"r{n}", code) for n, code in bad], seed
        if not form.startswith("csv"):
            assert [int(r["line"]) for r in rejects] == [n + 1 for n, _ in bad], seed
        if not totals.rows_scored and (output or form) == "jsonl":
            assert path.read_bytes() == b""
        found = read_output(path, settings.delimiter)
        good = [(row, answer) for row, (code, answer) in zip(rows, wanted, strict=True) if code == "ok"]
        assert len(found) == len(good), seed
        for line, (row, answer) in zip(found, good, strict=True):
            assert_row(line, passed(form, output or form, row, types), package.signature, answer, seed)
        before = [path.read_bytes(), (tmp_path / "rejected.csv").read_bytes()]
        score(tmp_path, package, stretch_bytes=chance.randrange(1, 4000), file=settings)
        assert [path.read_bytes(), (tmp_path / "rejected.csv").read_bytes()] == before, seed


def assert_row(line, before, signature, answer, seed):
    count = len(before)
    assert dict(list(line.items())[:count]) == before, seed
    ours = list(line.items())[count:]
    numbers = [np.float32(value) for name, value in ours if name != "prediction" or not signature.labels]
    if signature.labels:
        assert ours[0] == ("prediction", signature.labels[int(answer.label[0])])
        assert numbers == [answer.score[0], *answer.outputs[0]], seed
    else:
        assert numbers == [*answer.outputs[0]], seed
