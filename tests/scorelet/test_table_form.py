"""What a file is, and what it is taken for: JSON documents are no JSON lines, and a `format` that cannot be is said."""

import gzip
import json
import random

import pytest
from scorelet.batch import score_object
from scorelet.batch_keys import run_id
from scorelet.batch_score import BatchOptions, score_file
from scorelet.big_start import begin_run
from scorelet.errors import UnreadableFile
from scorelet.file_settings import BadSettings, FileSettings, to_metadata
from scorelet.gunzip import MAGIC
from scorelet.json_document import told_document
from scorelet.table import BOM
from scorelet.table_form import HEAD_BYTES, Form, find_form

from tests.fakes.forms import write_parquet
from tests.fakes.store import MemoryStore
from tests.scorelet.test_batch import BUCKET, MODELS, drop
from tests.scorelet.test_parquet import GOOD, TYPES

ROW = {"amount": 5.1, "age": 33, "member": True, "colour": "red"}
CSV = b"amount;age;member;colour\n5.1;33;true;red\n"
LINES = json.dumps(ROW).encode() + b"\n"
WANTED = tuple(ROW)
NO_SETTINGS = FileSettings()
READ_AS = ("format", "compression", "delimiter", "header")
ARRAY = "the file is a JSON array; JSON lines have one object per line, as jq -c '.[]' FILE writes them"
OBJECTS = (
    "the file is JSON whose objects reach over several lines; JSON lines have one object per line, as jq -c . FILE"
)


def parquet(folder):
    write_parquet(folder / "some.parquet", TYPES, [GOOD])
    return (folder / "some.parquet").read_bytes()


def refusal(folder, data, **settings):
    (folder / "source").write_bytes(data)
    with pytest.raises(UnreadableFile) as caught:
        score_file(folder / "source", MODELS.package, folder, BatchOptions(threads=1, file=FileSettings(**settings)))
    return caught.value


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("settings", [{}, {"format": "jsonl"}, {"format": "csv"}, {"delimiter": ";"}])
@pytest.mark.parametrize("mark", [b"", BOM, b"\r\n \t"])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ROW, ROW]),
        json.dumps([ROW] * 3, indent=2),
        json.dumps([ROW], indent="\t").replace("\n", "\r\n"),
        "[\n" + ",\n".join([json.dumps(ROW)] * 3) + "\n]\n",
        json.dumps([ROW] * 30_000),
        json.dumps([list(ROW.values())] * 2),
        "[]",
    ],
    ids=["one line", "pretty", "windows", "a line each", "large", "of arrays", "empty"],
)
def test_a_json_array_is_told_to_be_one_with_what_to_do(tmp_path, text, mark, settings, packed):
    data = mark + text.encode()
    assert str(refusal(tmp_path, gzip.compress(data) if packed else data, **settings)) == ARRAY


@pytest.mark.parametrize("settings", [{}, {"format": "jsonl"}])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROW, indent=1),
        "\n".join([json.dumps(ROW, indent=1)] * 3),
        json.dumps({"data": [ROW, ROW]}, indent=2),
    ],
)
def test_an_object_over_several_lines_is_told_to_be_one(tmp_path, text, settings):
    assert str(refusal(tmp_path, text.encode(), **settings)).startswith(OBJECTS)


@pytest.mark.parametrize(
    "first",
    ["[1, 2]", "[]", "{", "[", '[{"amount": 1}]', '{"amount":\n5.1}', "[" * 60_000, '[{"a": 1}', "[1, 2", '{"a": 1} x'],
)
def test_a_bad_first_line_makes_no_document_of_json_lines(tmp_path, first):
    (tmp_path / "source").write_bytes(first.encode() + b"\n" + LINES * 2)
    options = BatchOptions(threads=1, file=FileSettings(format="jsonl"))
    assert score_file(tmp_path / "source", MODELS.package, tmp_path, options).rows_scored == 2


@pytest.mark.law
def test_json_lines_of_any_values_are_no_document_and_arrays_of_them_are(law):
    for seed in law.seeds(3000, 300):
        chance = random.Random(seed)
        rows = [{f"k{i}": some(chance) for i in range(chance.randrange(1, 4))} for _ in range(chance.randrange(1, 5))]
        lines = "\n".join(map(json.dumps, rows)).encode()
        assert told_document(lines) is None, seed
        assert told_document(json.dumps(rows, indent=chance.choice([None, 0, 2])).encode()) == ARRAY, seed
        assert told_document("\n".join(json.dumps(row, indent=1) for row in rows).encode()).startswith(OBJECTS), seed


def some(chance, depth=2):
    made = [
        lambda: chance.choice(["", "]", '[{"', "a\nb", "é", "\\"]),
        lambda: chance.choice([None, True, -1.5e300, 7]),
    ]
    if depth:
        made += [lambda: [some(chance, depth - 1)], lambda: {"x": some(chance, depth - 1)}]
    return chance.choice(made)()


@pytest.mark.parametrize(
    ("given", "what", "words"),
    [
        ("csv", "parquet", "format is 'csv', but the file is Parquet"),
        ("jsonl", "parquet", "format is 'jsonl', but the file is Parquet"),
        ("parquet", "csv", "format is 'parquet', but the file is CSV"),
        ("parquet", "jsonl", "format is 'parquet', but the file is JSON lines"),
        ("parquet", "csv.gz", "format is 'parquet', but the file is CSV in gzip"),
        ("parquet", "nothing", "format is 'parquet', but the file does not begin as Parquet does"),
        ("parquet", "picture", "format is 'parquet', but the file does not begin as Parquet does"),
        ("parquet", "picture.gz", "format is 'parquet', but the file does not begin as Parquet does"),
        ("csv", "jsonl", "format is 'csv', but the file is JSON lines"),
        ("csv", "jsonl.gz", "format is 'csv', but the file is JSON lines in gzip"),
        ("jsonl", "csv", "format is 'jsonl', but the file is CSV"),
        ("jsonl", "csv.gz", "format is 'jsonl', but the file is CSV in gzip"),
    ],
)
def test_a_format_that_the_file_has_not_is_a_mistake_in_the_settings(tmp_path, given, what, words):
    bodies = {"csv": CSV, "jsonl": LINES, "nothing": b"", "picture": b"\x89PNG\r\n\x1a\n\0\0"}
    kind, _, packed = what.partition(".")
    data = parquet(tmp_path) if kind == "parquet" else bodies[kind]
    found = refusal(tmp_path, gzip.compress(data) if packed else data, format=given)
    assert (str(found), found.code) == (words, BadSettings.code)


@pytest.mark.parametrize("given", [None, "csv", "parquet"])
def test_what_is_packed_too_often_is_told(tmp_path, given):
    assert "Parquet in gzip; drop it unpacked" in str(refusal(tmp_path, gzip.compress(parquet(tmp_path)), format=given))
    assert "gzip in gzip; pack it once" in str(
        refusal(tmp_path, gzip.compress(gzip.compress(CSV, mtime=0)), format=given)
    )


@pytest.mark.parametrize(
    ("head", "settings", "form"),
    [
        (b"{a},amount\n", {"format": "csv"}, Form()),
        (b"{}\n", {"format": "csv"}, Form()),
        (b"amount,x\n", {"format": "jsonl"}, Form("jsonl")),
        (b"", {"format": "jsonl"}, Form("jsonl")),
        (b"PAR1,amount\n", {"format": "csv"}, Form()),
        (b"PAR1\0", {"format": "parquet"}, Form("parquet")),
        (b"[1]\n", {"header": False, "columns": WANTED}, Form()),
        (b"[amount],age,member,colour\n", {}, Form()),
    ],
)
def test_what_is_doubtful_is_taken_for_what_the_settings_say(head, settings, form):
    assert find_form(head, FileSettings(**settings), WANTED) == form


def test_a_big_file_is_refused_with_the_same_words():
    data = json.dumps([ROW] * 3000, indent=1).encode()
    outcomes = []
    for deliver in (score_object, lambda *given: begin_run(*given, 1000)):
        store = MemoryStore()
        outcomes.append(deliver(drop(store, data), store, MODELS, BatchOptions(threads=1)).manifest)
    assert outcomes[0] == outcomes[1]
    assert outcomes[0]["error"] == {"code": "unreadable_file", "reason": ARRAY}


def test_a_gzip_of_which_the_beginning_unpacks_to_much_is_told_all_the_same(tmp_path):
    data = gzip.compress(json.dumps([ROW] * 60_000).encode())
    assert data.startswith(MAGIC)
    assert len(data) < HEAD_BYTES
    assert str(refusal(tmp_path, data)) == ARRAY


def committed(data, settings=NO_SETTINGS):
    store = MemoryStore()
    obj = drop(store, data)
    store.notes[BUCKET, obj.key] = to_metadata(settings.changed())
    outcome = score_object(obj, store, MODELS, BatchOptions(threads=1))
    assert outcome.run == run_id(obj, MODELS.package.digest, {"max_reject_rate": 1.0, **settings.changed()})
    return outcome.manifest


HEADLESS = FileSettings(header=False, columns=WANTED, delimiter=";")


@pytest.mark.parametrize(
    ("data", "settings", "read_as"),
    [
        (CSV, NO_SETTINGS, ("csv", None, ";", True)),
        (CSV.replace(b";", b"\t"), NO_SETTINGS, ("csv", None, "\t", True)),
        (gzip.compress(CSV, mtime=0), NO_SETTINGS, ("csv", "gzip", ";", True)),
        (CSV.partition(b"\n")[2], HEADLESS, ("csv", None, ";", False)),
        (LINES, FileSettings(output="csv", delimiter="|"), ("jsonl", None, None, None)),
        (gzip.compress(LINES, mtime=0), NO_SETTINGS, ("jsonl", "gzip", None, None)),
        (parquet, FileSettings(output="csv", delimiter=";"), ("parquet", None, None, None)),
    ],
)
def test_the_manifest_says_how_a_file_was_read(tmp_path, data, settings, read_as):
    manifest = committed(data(tmp_path) if callable(data) else data, settings)
    assert manifest["status"] == "scored"
    assert manifest["read_as"] == dict(zip(READ_AS, read_as, strict=True))


@pytest.mark.parametrize(
    ("data", "read_as"),
    [
        (b"amount;age\n1;2\n", ("csv", None, ";", True)),
        (gzip.compress(b"amount|age\n1|2\n", mtime=0), ("csv", "gzip", "|", True)),
        (gzip.compress(CSV * 99, mtime=0)[:-9], ("csv", "gzip", ";", True)),
        (b"PAR1\x15\x04nothing", ("parquet", None, None, None)),
        (b"[]", None),
        (CSV.decode().encode("utf-16"), None),
    ],
)
def test_the_manifest_of_an_unreadable_file_says_what_it_was_taken_for(data, read_as):
    manifest = committed(data)
    assert manifest["status"] == "unreadable"
    assert manifest["read_as"] == (read_as and dict(zip(READ_AS, read_as, strict=True)))
