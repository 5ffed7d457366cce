"""Our Parquet files as polars reads them, which shares no code with what wrote them. Run by `make parquet-test`."""

import json
import subprocess
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scorelet.file_settings import FileSettings

from tests.fakes.forms import read_output
from tests.scorelet.test_parquet import COLUMNS, FEATURES, of_sql, score

PEERS = Path(__file__).parents[2] / ".venv-peers/bin/python"
READER = Path(__file__).parents[1] / "fakes/polars_reader.py"
ANSWERS = {
    "prediction": "String",
    **dict.fromkeys(("score", "probability_low", "probability_mid", "probability_high"), "Float32"),
}

pytestmark = pytest.mark.skipif(not PEERS.exists(), reason="polars has an environment of its own: make parquet-test")


def polars(path, *wanted):
    done = subprocess.run([PEERS, READER, path, *wanted], stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    return found["types"], [dict(zip(found["types"], row, strict=True)) for row in found["rows"]]


def test_columns_of_csv_are_text_and_nulls_and_our_numbers_are_those_that_duckdb_reads(tmp_path):
    notes = ['"größe, 東京 🙂"', '""', "", '"say ""hi"""', '"two\nlines"', "=1+1", "NULL", " "]
    rows = "".join(f"5.10,33,true,red,{note}\n" for note in notes)
    (tmp_path / "source").write_bytes(f"amount,age,member,colour,größe 東\n{rows}".encode())
    path, rejects = score(tmp_path, FileSettings(output="parquet"))
    types, found = polars(path)
    assert not rejects
    assert types == {**dict.fromkeys(("amount", "age", "member", "colour", "größe 東"), "String"), **ANSWERS}
    texts = ["größe, 東京 🙂", "", None, 'say "hi"', "two\nlines", "=1+1", "NULL", " "]
    assert [row["größe 東"] for row in found] == texts
    assert {row["amount"] for row in found} == {"5.10"}
    for ours, theirs in zip(read_output(path), found, strict=True):
        assert ours["prediction"] == theirs["prediction"]
        assert [np.float32(theirs[name]) for name in [*ANSWERS][1:]] == [np.float32(ours[n]) for n in [*ANSWERS][1:]]


KEPT = {
    "i8": ("Int8", -128),
    "u64": ("UInt64", 2**64 - 1),
    "i64": ("Int64", 2**63 - 1),
    "f": ("Float32", float(np.float32(0.1))),
    "d": ("Float64", 0.1),
    "dec": ("Decimal(precision=38, scale=10)", "12345678901234567890.1234567890"),
    "day": ("Date", "2024-02-29"),
    "at": ("Datetime(time_unit='us', time_zone=None)", "2024-02-29 12:00:00.000001"),
    "zoned": ("Datetime(time_unit='us', time_zone='UTC')", "2024-02-29 10:00:00.000001+00:00"),
    "hour": ("Time", "23:59:59.000001"),
    "blob": ("Binary", str(b'\x00\xffa,"b')),
    "yes": ("Boolean", True),
    "text": ("String", "5.10"),
    "empty": ("String", ""),
    "none": ("String", None),
    "noint": ("Int64", None),
    "l": ("List(Int32)", [1, None]),
    "s": ("Struct({'a': Int32, 'b': List(String)})", {"a": 1, "b": ["é", None]}),
    "m": ("Map(String, Float64)", {"k": 0.5}),
}
NESTED = {"l": "[1, NULL]", "s": "{'a': 1, 'b': ['é', NULL]}", "m": "map {'k': 0.5::DOUBLE}"}


def test_columns_of_parquet_keep_their_types_and_values(tmp_path):
    cells = ", ".join(f"{NESTED.get(name) or COLUMNS[name][0]} AS {name}" for name in KEPT)
    of_sql(tmp_path, f"SELECT {cells}, {FEATURES} UNION ALL SELECT {', '.join(['NULL'] * len(KEPT))}, {FEATURES}")
    types, (row, nulls) = polars(score(tmp_path)[0])
    assert {name: (types[name], row[name]) for name in KEPT} == KEPT
    assert {nulls[name] for name in KEPT} == {None}
    assert list(types)[len(KEPT) + 4 :] == list(ANSWERS)


def test_rows_of_many_groups_are_all_there_in_order_and_are_found_by_their_statistics(tmp_path, monkeypatch):
    monkeypatch.setattr("scorelet.outputs._MOST_CELLS", 1)
    count = 30_000
    of_sql(tmp_path, f"SELECT i, 'größe ' || i AS text, {FEATURES} FROM range({count}) t(i)")  # noqa: S608 - our own
    path, _ = score(tmp_path)
    with duckdb.connect() as duck:
        query = f"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{path}')"  # noqa: S608 - a path of the test
        assert duck.execute(query).fetchone()[0] > 10
    _, found = polars(path)
    assert [row["i"] for row in found] == list(range(count))
    assert [row["text"] for row in found] == [f"größe {i}" for i in range(count)]
    _, found = polars(path, "text", "größe 12345")
    assert [row["i"] for row in found] == [12345]


def test_a_file_without_rows_has_its_columns(tmp_path):
    of_sql(tmp_path, f"SELECT 'x' AS note, {FEATURES} WHERE false")
    types, rows = polars(score(tmp_path)[0])
    assert (list(types), rows) == (["note", "amount", "age", "member", "colour", *ANSWERS], [])
