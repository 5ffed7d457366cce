import csv
import io
import random
from dataclasses import replace

import numpy as np
import pytest
from scorelet import csv_scan
from scorelet.batch_score import BatchOptions, score_file
from scorelet.errors import UnreadableFile
from scorelet.features import CellState, Column, columns_from_records, encode
from scorelet.formulas import guarded
from scorelet.number_texts import number_texts, probability_texts
from scorelet.package import load_package
from scorelet.signature import Feature, Signature
from scorelet.table import CsvTable
from scorelet.text_engine import TextEngine

from tests.fakes.fates import Plain, as_json
from tests.fakes.nasty import nasty_table
from tests.fakes.package import tiny_package, tiny_records
from tests.laws import full_or

TASKS = ("binary", "multiclass", "regression")


def package(task="multiclass"):
    return load_package(tiny_package(task)[0].__getitem__, expected_digest=None, public_key=None)


def score(data, folder, task="multiclass", **options):
    (folder / "source").write_bytes(data)
    totals = score_file(folder / "source", package(task), folder, BatchOptions(threads=1, **options))
    return totals, (folder / "scored.csv").read_bytes(), (folder / "rejected.csv").read_bytes()


def read_rejects(text):
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


@pytest.mark.law
def test_every_row_is_scored_or_rejected_once_and_in_order(law, tmp_path):
    """Conservation, for whole files against the plain reading of the rules; and one path, row by row, with the API."""
    for seed in law.seeds(1500, 40):
        chance = random.Random(seed)
        task = chance.choice(TASKS)
        served = package(task)
        table = nasty_table(seed, served.signature, chance.randrange(0, 60), chance.choice([0, 0.02, 0.2, 0.5]))
        plain = Plain(served.signature, table.settings, table.delimiter)
        head, wanted = plain.fates(table.data, csv_scan.MAX_RECORD_BYTES)
        stretch = chance.randrange(1, 4000)
        totals, scored, rejected = score(table.data, tmp_path, task, stretch_bytes=stretch, file=table.settings)
        good, bad = [f for f in wanted if f.code == "ok"], [f for f in wanted if f.code != "ok"]
        assert (totals.rows_in, totals.rows_scored) == (len(wanted), len(good)), seed
        assert_rejects(read_rejects(rejected), bad, table.settings, seed)
        assert_rows(scored.decode(), head, good, served, table.delimiter, seed)


def assert_rejects(found, bad, settings, seed):
    """Each bad row once, in order, where it stands, with its text."""
    shown = guarded if settings.escape_formulas else str
    assert [(int(r["line"]), int(r["byte"]), r["code"], r["raw"]) for r in found] == [
        (f.record.line, f.record.byte, f.code, shown(f.record.raw.decode("utf-8", "backslashreplace"))) for f in bad
    ], seed
    assert [r.get("id") for r in found] == [shown(f.id) if settings.id else None for f in bad], seed


def assert_rows(text, head, good, served, delimiter, seed):
    """Each row is what is kept of the record and, behind it, what the API's path answers to that record alone."""
    lead = delimiter.join(head) + delimiter if head else ""
    assert text.startswith(lead), seed
    position = text.index("\n", len(lead)) + 1
    for fate in good:
        lead = delimiter.join(fate.passed) + delimiter if head else ""
        assert text[position : position + len(lead)] == lead, seed
        end = text.index("\n", position + len(lead))
        answers = text[position + len(lead) : end].split(delimiter)
        _, alone = served.answer(columns_from_records(served.signature, [fate.values]))
        numbers = answers if served.signature.task == "regression" else answers[2:]
        assert np.array_equal(np.array(numbers, np.float32), alone.outputs[0]), seed
        if served.signature.labels:
            assert answers[0] == served.signature.labels[alone.label[0]], seed
            assert np.float32(answers[1]) == alone.score[0], seed
        position = end + 1
    assert position == len(text), seed


@pytest.mark.law
def test_the_same_bytes_come_out_for_every_stretch(law, tmp_path):
    for seed in law.seeds(150, 5):
        table = nasty_table(seed, package().signature, 30, 0.3)
        one = score(table.data, tmp_path, file=table.settings)
        for stretch in (*random.Random(seed).sample(range(20, len(table.data)), 3), 61, len(table.data)):
            again = score(table.data, tmp_path, stretch_bytes=stretch, file=table.settings)
            assert again[1:] == one[1:], (seed, stretch)
            assert again[0].rejects_by_code == one[0].rejects_by_code
            assert {n: c.tolist() for n, c in again[0].sketch.items()} == {
                n: c.tolist() for n, c in one[0].sketch.items()
            }


@pytest.mark.law
@pytest.mark.parametrize("left_out", ["", "_+"])
def test_every_text_means_the_same_in_csv_and_json(law, tmp_path, left_out):
    """Text to value and state, against the grammar of docs/csv.md and the JSON front end."""
    chance = law.chance()
    signature = package().signature
    alphabet = "0123456789" * 3 + "..--++eEeE__xX \t,infnatruefalsdINFNAT/'\u0663\u00a0\uff11\v\f\x1c\x85\0\n\r"
    alphabet = "".join(c for c in alphabet if c not in left_out)
    texts = ["".join(chance.choices(alphabet, k=chance.randrange(9))) for _ in range(full_or(200_000, 4000))]
    texts += [f"{chance.random()!r}e{chance.randrange(-330, 310)}" for _ in range(1000)]
    texts = [text for text in texts if not set(text) & set(left_out)]
    texts += [chance.choice(["", "-"]) + "1" * n for n in (15, 17, 20, 308, 309, 310, 400)]
    texts += list(signature.features[3].categories)
    law.tried = len(texts)
    for feature in signature.features:  # alone: one odd cell would send its neighbours the slow way too
        alone = Signature((feature,), "regression", "price")
        records = [{feature.name: as_json(feature, text)} for text in texts]
        wanted, found = columns_from_records(alone, records)[feature.name], read_column(alone, texts, tmp_path)
        states, given = (encode(alone, {feature.name: column}).states[:, 0] for column in (wanted, found))
        differ = np.flatnonzero((states != given) | ((wanted.values != found.values) & (states == CellState.OK)))
        assert [(texts[i], states[i], given[i]) for i in differ] == [], feature.name


def read_column(signature, texts, folder):
    """The texts as a column of a file, every second one in quotes it does not need."""
    quoted = [
        '"' + text.replace('"', '""') + '"' if i % 2 or set(text) & set(',"\r\n') else text
        for i, text in enumerate(texts)
    ]
    body = f"{signature.names[0]},x\n" + "".join(f"{q},\n" for q in quoted)
    table = CsvTable(io.BytesIO(body.encode()), stretch_bytes=1 << 20)
    with TextEngine(folder) as engine:
        found = [engine.read(signature, table.header, records) for records in table.records()]
    columns = [stretch.columns[signature.names[0]] for stretch in found]
    return Column(np.concatenate([c.values for c in columns]), np.concatenate([c.state for c in columns]))


@pytest.mark.law
def test_numbers_of_every_length_and_point_are_read_as_python_reads_them(law, tmp_path):
    """The quick way from digits to numbers, at its borders: 8, 9, 16, 17 characters, 2^53, every point."""
    chance = law.chance()
    texts = []
    for _ in law.each(range(full_or(100_000, 5000))):
        digits = "".join(chance.choices("0123456789", k=chance.choice([1, 2, 7, 8, 9, 15, 16, 17])))
        point = chance.randrange(len(digits) + 2)
        texts.append(
            chance.choice(["", "-"]) + (digits[:point] + "." + digits[point:] if point <= len(digits) else digits)
        )
    texts += ["9007199254740992", "9007199254740993", "-9007199254740993", "0.1000000000000001", "-0", "0.", "-.5"]
    found = read_column(Signature((Feature("n", "float"),), "regression", "price"), texts, tmp_path)
    assert found.values.tolist() == [float(text) for text in texts]
    assert not found.state.any()


def test_a_cell_with_a_point_in_each_half_is_no_number_and_costs_nobody_else(tmp_path):
    halves = [digits[:at] + "." + digits[at:] for digits in ("1234567",) for at in range(8)]
    texts = ["1.5", *(low + high for low in halves for high in halves), "2.5"]
    found = read_column(Signature((Feature("n", "float"),), "regression", "price"), texts, tmp_path)
    assert found.values[[0, -1]].tolist() == [1.5, 2.5]
    assert found.state.tolist() == [CellState.OK] + [CellState.WRONG_TYPE] * 64 + [CellState.OK]


def test_columns_pass_through_as_the_text_they_came_as(tmp_path):
    data = b'"id",colour,member,amount,age,note\r\n007,red,1,5.10, 3 ,"a\r\nb ""c"""\r\n'
    _, scored, _ = score(data, tmp_path, "regression")
    assert scored.startswith(b'"id",colour,member,amount,age,note,prediction\n007,red,1,5.10, 3 ,"a\r\nb ""c""",')


def test_a_name_that_the_file_has_already_gets_a_prefix(tmp_path):
    data = b"colour,member,amount,age,prediction,score\nred,1,5,3,x,y\n"
    _, scored, _ = score(data, tmp_path, "binary")
    names = scored.split(b"\n")[0].split(b",")
    assert names[6:] == [b"scorelet_prediction", b"scorelet_score", b"probability_no", b"probability_yes"]


def test_labels_and_numbers_read_back_as_they_were(tmp_path):
    labels = ('a "b"', "c,d", "é")
    files, _ = tiny_package("multiclass", labels=labels)
    (tmp_path / "source").write_bytes(b"colour,member,amount,age\n" + b"red,1,-700,3\nred,0,900,3\nred,0,-9,130\n")
    served = load_package(files.__getitem__, expected_digest=None, public_key=None)
    score_file(tmp_path / "source", served, tmp_path, BatchOptions(threads=1))
    with (tmp_path / "scored.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[6:] == [f"probability_{label}" for label in labels]
    assert all(row[4] in labels and row[5] == row[6 + labels.index(row[4])] for row in rows)


def written(values):
    numbers, probabilities = (
        [text.decode().removeprefix(",") for text in write(values).split()]
        for write in (number_texts, probability_texts)
    )
    assert numbers == probabilities
    return numbers


@pytest.mark.law
def test_every_finite_number_reads_back_the_same(law):
    bits = np.random.default_rng(law.seed).integers(0, 2**32, 20_000, dtype=np.uint32)
    values = np.concatenate([bits.view(np.float32), np.array([0, -0.0, 1, 1e-45, 3.4028235e38, 2**24], np.float32)])
    values = values[np.isfinite(values)]
    assert np.array_equal(np.array(written(values), np.float32).view(np.uint32), values.view(np.uint32))


@pytest.mark.law
def test_a_probability_is_the_shortest_text_that_reads_back_the_same(law):
    values = np.random.default_rng(law.seed).random(5000, dtype=np.float32)
    digits = [len(text.split("e")[0].replace(".", "").strip("0")) for text in written(values)]
    exact = [np.format_float_scientific(value, unique=True, trim="-").split("e")[0] for value in values]
    assert digits == [len(text.replace(".", "")) for text in exact]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no header"),
        (b"\n1,2\n", "no header"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "UTF-8"),
        (b"colour,member,amount\nred,1,2\n", "lacks the model's columns: age"),
        (b"colour,member,amount,age,age\n", "more than once: age"),
        (b'colour,"member,amount,age\n', "bad_quoting"),
        (b"a," * 20_000 + b"b\n", "columns, more than"),
    ],
)
def test_a_file_without_a_usable_header_is_unreadable(tmp_path, data, words):
    with pytest.raises(UnreadableFile, match=words):
        score(data, tmp_path)


def test_a_file_of_one_column_may_hold_blank_lines(tmp_path):
    signature = Signature((Feature("amount", "float"),), "regression", "price")
    table = CsvTable(io.BytesIO(b'amount\n1\n\n"2"\n1,1\n-3'))
    with TextEngine(tmp_path) as engine:
        columns = [engine.read(signature, table.header, r).columns["amount"] for r in table.records()]
    assert np.concatenate([c.values for c in columns]).tolist() == [1, 0, 2, -3]
    assert np.concatenate([c.state for c in columns]).tolist() == [0, CellState.NULL, 0, 0]


def test_a_row_without_a_finite_answer_is_rejected(tmp_path):
    """Finite in, but not out: large numbers may overflow inside a model."""

    class Overflowing:
        width = 4

        def run(self, matrix):
            return np.where(matrix[:, :1] > 100, np.float32("nan"), matrix[:, :1])

    served = replace(package("regression"), model=Overflowing())
    (tmp_path / "source").write_bytes(b"amount,age,member,colour\n1,1,1,red\n200,1,1,red\n3,1,1,red\n")
    totals = score_file(tmp_path / "source", served, tmp_path, BatchOptions(threads=1))
    assert (totals.rows_in, totals.rows_scored, totals.rejects_by_code) == (3, 2, {"no_finite_answer": 1})
    assert sum(totals.sketch["amount"]) == sum(totals.sketch["__score__"]) == 2
    assert [r["line"] for r in read_rejects((tmp_path / "rejected.csv").read_bytes())] == ["3"]


@pytest.mark.law
@pytest.mark.parametrize("task", TASKS)
def test_a_row_gets_the_same_answer_bit_by_bit_in_any_company(law, task):
    """Split invariance rests on this property of the model runtime, so it is checked wherever the tests run."""
    served = package(task)
    records = tiny_records(5000, law.seed)
    _, together = served.answer(columns_from_records(served.signature, records))
    for size in (1, 2, 3, 7, 8, 31, 257, 4095, 4096, 4097):
        for start in law.each((0, 1, 5, 903)):
            _, some = served.answer(columns_from_records(served.signature, records[start : start + size]))
            assert np.array_equal(some.outputs, together.outputs[start : start + size]), (size, start)
