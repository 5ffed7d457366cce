"""Lines that are written alike are read by the column, and say what each of them says to the parser."""

import io
import json
import random

import numpy as np
import pytest
from scorelet import json_alike, json_rows, json_table
from scorelet.batch_score import BatchOptions, score_file
from scorelet.csv_records import read_records
from scorelet.csv_scan import Fault
from scorelet.features import columns_from_records, encode
from scorelet.file_settings import FileSettings
from scorelet.grammar import LINES
from scorelet.json_alike import read_alike
from scorelet.json_rows import JsonRows
from scorelet.json_table import JsonTable
from scorelet.package import load_package
from scorelet.text_engine import roomy
from scorelet.texts import weave

from tests.fakes.nasty_json import nasty_object, nasty_value, spoiled, strictly
from tests.fakes.package import tiny_package
from tests.laws import full_or

FILES = full_or(5_000, 400)
SIGNATURE = tiny_package()[1].signature
KEYS = ["who", *SIGNATURE.names, "note"]
USUAL = {
    "who": ['"ann"', "17", '"é, 東"', "12345678901234567", "null"],
    "amount": ["5.10", "-999", "0", "33.333333333333336", "1e2", "0.5"],
    "age": ["33", "33.0", "null", "0", "130", "131"],
    "member": ["true", "false"],
    "colour": ['"red"', '"light green"'],
    "note": ['""', '"x"', '"a b"', "true", "-1.50", '"=1"', '"a;b"', "[1]", '{"a": 1}', '"say \\"hi\\""'],
}
ODD = ['""', "-0", "-0.0", '"\\\\"', r'"\\\""', "007", ".5", "5.", "1e2", "null", '"null"', '"5"', "[]", "131"]
MISTAKES = ["", " ", "[1", "5],0,[6", "2]", "[", "]", "}", "{", '"a"b"c"', '"a""b"', '"a" "b"', "1 2", '"', "\\", "1,2"]
NAMES_TAKEN = {"prediction", "score", *(f"probability_{label}" for label in SIGNATURE.labels)}


def alike(chance: random.Random) -> bytes:
    """Lines of a few shapes, some of which are none, with a few odd values and lines among them."""
    odd = chance.choice([0.0, 0.02, 0.1, 0.5])
    shapes = [_shape(chance, odd) for _ in range(chance.randrange(1, 4))]
    lines = []
    for _ in range(chance.randrange(1, 40)):
        keys, comma, colon, behind = chance.choice(shapes)
        line = "{" + comma.join(f'"{key}"{colon}{_cell(chance, key, odd)}' for key in keys) + behind
        line = nasty_object(chance, keys) if chance.random() < odd / 5 else line
        lines.append(spoiled(chance, line) if chance.random() < odd / 5 else line.encode("utf-8", "surrogatepass"))
    return chance.choice([b"\n", b"\r\n"]).join(lines)


def _shape(chance: random.Random, odd: float) -> tuple[list[str], str, str, str]:
    keys = chance.sample(KEYS, chance.randrange(1, len(KEYS) + 1))
    keys += [chance.choice([*keys, "a,b", "prediction", r"\u0061"])] if chance.random() < odd else []
    comma, colon, behind = (chance.choice(["", " "]) for _ in range(3))
    return keys, "," + comma, ":" + colon, behind + ("" if chance.random() < odd / 4 else "}")


def _cell(chance: random.Random, key: str, odd: float) -> str:
    if chance.random() < odd:
        return chance.choice(MISTAKES) if chance.random() < 0.3 else nasty_value(chance)
    return chance.choice(USUAL[key] if key in USUAL and chance.random() < 0.95 else ODD)


def one_by_one(records) -> tuple[list[int], list[dict]]:
    """The faults of the lines, and the objects of those that have none."""
    faults, found = records.fault.tolist(), []
    for i in np.flatnonzero(records.fault == Fault.NONE).tolist():
        try:
            value = strictly(records.raw(i))
        except ValueError:
            value = None
        faults[i] = Fault.BAD_JSON if type(value) is not dict else Fault.NAME_TAKEN if NAMES_TAKEN & set(value) else 0
        found += [value] if faults[i] == Fault.NONE else []
    return faults, found


@pytest.mark.law
def test_every_line_is_read_as_it_is_alone(law, monkeypatch):
    chance, known, sound = law.chance(), 0, 0
    for _ in law.each(range(FILES)):
        monkeypatch.setattr(json_alike, "FEW", chance.choice([1, 2, 5]))
        monkeypatch.setattr(json_alike, "MOST_SHAPES", chance.choice([1, 2, 8]))
        monkeypatch.setattr(json_alike, "_FEW_CELLS", chance.choice([1, 3, 64]))
        data = alike(chance)
        for records in read_records(io.BytesIO(data), chance.choice([100, 1 << 20]), grammar=LINES):
            shape = read_alike(SIGNATURE, records, roomy(records)).shape
            faults, objects = one_by_one(records)
            stretch = JsonRows(iter(()), SIGNATURE, FileSettings()).read(None, records)
            assert records.fault.tolist() == faults, data
            found = encode(SIGNATURE, stretch.columns)
            wanted = encode(SIGNATURE, columns_from_records(SIGNATURE, objects))
            assert found.matrix.tobytes() == wanted.matrix.tobytes(), data
            assert found.states.tolist() == wanted.states.tolist(), data
            assert found.imputed.tolist() == wanted.imputed.tolist(), data
            assert not (shape[records.fault == Fault.BAD_JSON] >= 0).any(), data
            known, sound = known + int((shape >= 0).sum()), sound + len(objects)
    assert 0.3 * sound < known < sound


@pytest.mark.law
def test_every_line_is_written_as_columns_as_it_is_alone(law, monkeypatch):
    chance = law.chance()
    for _ in law.each(range(FILES)):
        keep = tuple(chance.sample(KEYS, chance.randrange(1, len(KEYS))))
        delimiter, guards = chance.choice(",;\t|"), chance.random() < 0.7
        settings = FileSettings(keep=keep, output="csv", delimiter=delimiter, escape_formulas=guards)
        data, written = alike(chance), []
        for few in (1, 1 << 40):
            monkeypatch.setattr(json_alike, "FEW", few)
            rows = JsonTable(read_records(io.BytesIO(data), 1 << 20, grammar=LINES), SIGNATURE, settings)
            stretches = [rows.read(None, records) for records in rows.records()]
            written.append([weave(rows.lines(one, one.sound, [])).tobytes() for one in stretches])
        assert written[0] == written[1], (settings, data)


def score(folder, lines, output):
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    (folder / "source").write_bytes(b"\n".join([*lines, b""]))
    return score_file(folder / "source", package, folder, BatchOptions(threads=1, file=FileSettings(output=output)))


def never(*_):
    raise AssertionError("a line was parsed alone")


@pytest.mark.parametrize("output", ["jsonl", "csv"])
def test_of_lines_that_are_alike_none_is_parsed_alone(tmp_path, monkeypatch, output):
    full = {"who": "ann", "amount": 5.1, "age": 33, "member": True, "colour": "red", "tags": None}
    short = {"colour": "light green", "member": False, "age": None, "amount": 1 / 3}
    separators = [(",", ":"), (", ", ": ")]
    lines = [json.dumps(full | {"amount": i / 8}, separators=separators[i % 2]).encode() for i in range(4000)]
    lines += [json.dumps(short | {"age": i % 99}).encode() for i in range(2000)]
    for module, name in ((json_rows, "parsed"), (json_table, "with_numbers_as_text")):
        monkeypatch.setattr(module, name, never)
    assert score(tmp_path, lines, output).rows_scored == 6000


def test_values_that_are_not_plain_are_parsed_by_the_column(tmp_path, monkeypatch):
    cells = ["1e2", "0.30000000000000004", "-0", "12.5e-1", "1E+2"]
    texts = [r'"\\"', r'"\\\" \u00e9"', '{"a": [1, "b"]}']
    line = '{"amount":%s,"age":7,"member":false,"colour":"red","note":%s}'
    monkeypatch.setattr(json_rows, "parsed", never)
    lines = [(line % (cells[i % 5], texts[i % 3])).encode() for i in range(3000)]
    assert score(tmp_path, lines, "jsonl").rows_scored == 3000


def test_a_line_that_is_bad_among_many_that_are_alike_costs_itself_only(tmp_path):
    line = b'{"amount":1e2,"age":7,"member":false,"colour":"red"}'
    lines = [line] * 5000
    lines[500] = line.replace(b"1e2", b"1e")
    totals = score(tmp_path, lines, "jsonl")
    assert (totals.rows_scored, totals.rejects_by_code) == (4999, {"bad_json": 1})


@pytest.mark.parametrize(
    ("key", "usual", "bad"),
    [
        ("x", "[[1,2]]}", ["[1}", "5],0,[6}", "2]}"]),
        ("x", "1e2}", ["[1}", "2]}", "3", "4"]),
        ("x", "1e2}", ["[1}", "2,3]]}", "4"]),
        ("x", "1e2}", ["}"]),
        ("x", '"\\n"}', ['"}', "}", '""}"', "][}"]),
        ("colour", '          "red"          }', ["          }", "     }"]),
    ],
)
def test_mistakes_of_lines_do_not_make_up_for_each_other(tmp_path, key, usual, bad):
    cells = {"amount": "5.1", "age": "7", "member": "false", "colour": '"red"'}
    head = "{" + ",".join(f'"{k}":{cell}' for k, cell in cells.items() if k != key) + f',"{key}":'
    lines = [(head + usual).encode()] * 5000
    lines[100 : 100 + len(bad)] = [(head + one).encode() for one in bad]
    totals = score(tmp_path, lines, "jsonl")
    assert (totals.rows_scored, totals.rejects_by_code) == (5000 - len(bad), {"bad_json": len(bad)})
