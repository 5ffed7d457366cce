"""No cell of a scored or rejected file can be opened as a formula, no number changes, and all of it can be undone."""

import csv
import io
import re
import unicodedata

import numpy as np
import pytest
from scorelet.batch_score import BatchOptions, score_file
from scorelet.file_settings import FileSettings
from scorelet.formulas import formula_places, guard_record, guarded
from scorelet.grammar import Grammar
from scorelet.package import load_package
from scorelet.text_engine import roomy

from tests.fakes.package import tiny_package
from tests.laws import full_or

TRIGGERS = "=+-@\uff1d\uff0b\uff0d\uff20"
ALPHABET = TRIGGERS + "'\t \0\r\n\"\v\x1c\u0085\u00a0\u3000\u2003\ufeff\u200b1234567890.,;|eExé日ー"


def texts(chance, n):
    return ["".join(chance.choices(ALPHABET, k=chance.choice([0, 1, 2, 3, 4, 7, 9, 17, 40]))) for _ in range(n)]


def opens_as_formula(cell):
    """As a suspicious spreadsheet sees it: blanks and what cannot be seen are skipped; digits alone do nothing."""
    if cell[:1] in ("\t", "\r", "\n", "\0") and not re.fullmatch(r"[\s0-9.,eE+-]*", cell):
        return True
    seen = "".join(c for c in cell if not (c.isspace() or unicodedata.category(c) in ("Cf", "Cc")))
    harmless = re.fullmatch(r"[+-]?[0-9.,]*[0-9][0-9.,]*([eE][+-]?[0-9]+)?", seen)
    return seen[:1] in tuple(TRIGGERS) and not harmless


def undone(cell):
    """The rule of docs/batch-files.md."""
    core = cell.lstrip("'")
    begins = core[:1] in ("\t", "\r", "\n", "\0") or core.lstrip("\0\u200b\ufeff \t\r\n\v\f\x1c\x85\xa0\u3000\u2003")[
        :1
    ] in tuple(TRIGGERS)
    return cell[1:] if cell.startswith("'") and core and begins else cell


@pytest.mark.law
def test_no_text_opens_as_a_formula_and_every_text_comes_back(law):
    for text in law.each(texts(law.chance(), full_or(1_000_000, 30_000))):
        cell = guarded(text)
        assert not opens_as_formula(cell), ascii(text)
        assert undone(cell) == text, ascii(text)


@pytest.mark.law
def test_numbers_stay_as_they_are(law):
    chance = law.chance()
    for _ in law.each(range(20_000)):
        number = chance.choice(["", "-", "+"]) + repr(chance.random() * 10 ** chance.randrange(-9, 20))
        for text in (number, f" {number}", f"\t{number} ", number.replace(".", ",")):
            assert guarded(text) == text
    assert [guarded(t) for t in ("-1.234,50", "+49301234", "-.5", "-5.", "-1,234.5")] == [
        *("-1.234,50", "+49301234", "-.5", "-5.", "-1,234.5")
    ]


LIKE = ["-", "+-1", "-1|x", "-1,x", "-1_0", "-inf", "-1e", "-1 2", "- 1", "-,", "+1;2", "-1E+"]
LONG = ["-" + "1" * n + "|x" for n in (6, 7, 8, 13, 14, 15, 16, 40)]


@pytest.mark.parametrize("text", [*LIKE, *LONG])
def test_what_only_begins_like_a_number_is_none(text):
    assert guarded(text) == f"'{text}"
    assert guard_record(f'1,"{text}",2'.encode(), ",") == f"""1,"'{text}",2""".encode()


@pytest.mark.law
def test_the_quick_way_through_a_file_guards_the_same_cells_and_leaves_all_else(law):
    """By the csv module: every cell is what `guarded` says of it, quoted or not, at every line end and delimiter."""
    chance = law.chance()
    for _ in law.each(range(full_or(20_000, 1000))):
        delimiter, end = chance.choice(",;\t|"), chance.choice(["\n", "\r\n"])
        rows = [texts(chance, 3) for _ in range(chance.randrange(1, 5))]
        body = "".join(delimiter.join(written(chance, c, delimiter) for c in row) + end for row in rows).encode()
        records = Grammar(delimiter).scan(body, final=True)
        places = formula_places(records, roomy(records))
        found = np.insert(records.data, places, ord("'")).tobytes()
        cells = list(csv.reader(io.StringIO(found.decode(), newline=""), delimiter=delimiter))
        assert cells == [[guarded(c) for c in row] for row in rows], body
        assert np.delete(np.frombuffer(found, np.uint8), places + np.arange(len(places))).tobytes() == body


def written(chance, text, delimiter):
    needs = chance.random() < 0.3 or set(text) & {delimiter, '"', "\r", "\n"}
    return '"' + text.replace('"', '""') + '"' if needs else text


def score(folder, data, labels=None, **settings):
    files, _ = tiny_package("multiclass", labels=labels)
    served = load_package(files.__getitem__, expected_digest=None, public_key=None)
    (folder / "source").write_bytes(data)
    score_file(folder / "source", served, folder, BatchOptions(threads=1, file=FileSettings(**settings)))
    return [
        list(csv.reader(io.StringIO((folder / name).read_bytes().decode(), newline="")))
        for name in ("scored.csv", "rejected.csv")
    ]


DATA = (
    b'colour,member,amount,age,=note,who\nred,1,-5.10,3,=1+1,-x\nred,1,1,3,"=a\n,""b""",\t-7\n'
    b"red,1,2,3,'=x,@id\nred,1,wide,3,ok,=id\n=red,1\n"
)


def test_everything_that_is_echoed_is_guarded_and_nothing_else_is_touched(tmp_path):
    scored, rejected = score(tmp_path, DATA, labels=("=low", "-1", "@high"), id="who")
    assert scored[0][:6] == ["colour", "member", "amount", "age", "'=note", "who"]
    assert [row[2:6] for row in scored[1:]] == [
        ["-5.10", "3", "'=1+1", "'-x"],
        ["1", "3", '\'=a\n,"b"', "\t-7"],
        ["2", "3", "''=x", "'@id"],
    ]
    assert {row[6] for row in scored[1:]} <= {"'=low", "-1", "'@high"}
    assert [(row[3], row[5], row[6]) for row in rejected[1:]] == [
        ("wrong_type", "red,1,wide,3,ok,=id", "'=id"),
        ("too_few_columns", "'=red,1", ""),
    ]


def test_chosen_columns_are_guarded_too_and_the_guard_can_be_turned_off(tmp_path):
    scored, _ = score(tmp_path, DATA, keep=("=note",))
    assert [row[0] for row in scored] == ["'=note", "'=1+1", '\'=a\n,"b"', "''=x"]
    scored, rejected = score(tmp_path, DATA, keep=("=note",), escape_formulas=False)
    assert [row[0] for row in scored] == ["=note", "=1+1", '=a\n,"b"', "'=x"]
    assert rejected[2][5] == "=red,1"
