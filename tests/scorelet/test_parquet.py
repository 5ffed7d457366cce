"""Parquet in and out: rows by their numbers, types and NULL kept; what is damaged or hostile is refused, and why."""

import csv
import datetime as dt
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from scorelet.batch_score import BatchOptions, score_file
from scorelet.errors import FileTooLarge, UnreadableFile
from scorelet.file_settings import BadSettings, FileSettings
from scorelet.package import load_package

from tests.fakes.forms import read_output, write_parquet
from tests.fakes.package import tiny_package
from tests.laws import full_or

ROOT = Path(__file__).parents[2]
TYPES = {"amount": "DOUBLE", "age": "INTEGER", "member": "BOOLEAN", "colour": "VARCHAR"}
GOOD = [5.1, 33, True, "red"]
DEFAULTS = FileSettings()


def score(folder, settings=DEFAULTS, **options):
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    totals = score_file(folder / "source", package, folder, BatchOptions(file=settings, **options))
    csv.field_size_limit(4 << 20)
    rejects = list(csv.DictReader(io.StringIO((folder / "rejected.csv").read_bytes().decode(), newline="")))
    assert totals.rows_in == totals.rows_scored + len(rejects)
    assert not (folder / "source.csv").exists()
    return folder / f"scored{totals.output.suffix}", rejects


def of_sql(folder, query, more=""):
    """A Parquet file that DuckDB makes of a query."""
    with duckdb.connect() as duck:
        duck.execute(f"COPY ({query}) TO '{folder / 'source'}' (FORMAT parquet{more})")


FEATURES = "5.1 AS amount, 33 AS age, true AS member, 'red' AS colour"
COLUMNS = {
    "i8": ("(-128)::TINYINT", "TINYINT"),
    "u64": ("18446744073709551615::UBIGINT", "UBIGINT"),
    "i64": ("9223372036854775807::BIGINT", "BIGINT"),
    "f": ("0.1::FLOAT", "FLOAT"),
    "d": ("0.1::DOUBLE", "DOUBLE"),
    "nan": ("'nan'::DOUBLE", "DOUBLE"),
    "minus": ("'-inf'::FLOAT", "FLOAT"),
    "dec": ("12345678901234567890.1234567890::DECIMAL(38,10)", "DECIMAL(38,10)"),
    "day": ("DATE '2024-02-29'", "DATE"),
    "at": ("TIMESTAMP '2024-02-29 12:00:00.000001'", "TIMESTAMP"),
    "ns": ("TIMESTAMP_NS '2024-02-29 12:00:00.123456789'", "TIMESTAMP_NS"),
    "zoned": ("make_timestamptz(1709200800000001)", "TIMESTAMP WITH TIME ZONE"),
    "hour": ("TIME '23:59:59.000001'", "TIME"),
    "uuid": ("'169a0374-0d57-48dd-a870-ad480a71ab75'::UUID", "UUID"),
    "blob": ("'\\x00\\xFFa,\"b'::BLOB", "BLOB"),
    "yes": ("true", "BOOLEAN"),
    "text": ("'5.10'", "VARCHAR"),
    "empty": ("''", "VARCHAR"),
    "none": ("NULL::VARCHAR", "VARCHAR"),
    "noint": ("NULL::BIGINT", "BIGINT"),
    "null word": ("'NULL'", "VARCHAR"),
    'odd ", name\n': ("'x'", "VARCHAR"),
}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_types_values_and_nulls_of_what_passes_through_are_kept(tmp_path, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    cells = ", ".join(f'{value} AS "{name.replace(chr(34), chr(34) * 2)}"' for name, (value, _) in COLUMNS.items())
    of_sql(tmp_path, f"SELECT {FEATURES}, {cells} UNION ALL SELECT 5.1, 33, true, 'red'" + ", NULL" * len(COLUMNS))
    path, rejects = score(tmp_path)
    assert not rejects
    assert path.name == "scored.parquet"
    with duckdb.connect() as duck:
        wanted, found = (
            duck.execute(f"DESCRIBE SELECT * FROM read_parquet('{file}')").fetchall()  # noqa: S608 - a path of the test
            for file in (tmp_path / "source", path)
        )
        ours = ["prediction", "score", "probability_low", "probability_mid", "probability_high"]
        assert [row[:2] for row in found] == [
            *(row[:2] for row in wanted),
            *zip(ours, ["VARCHAR"] + ["FLOAT"] * 4, strict=True),
        ]
        assert [row[1] for row in wanted[4:]] == [type_ for _, type_ in COLUMNS.values()]
        passed = f"SELECT * EXCLUDE ({', '.join(ours)}) FROM read_parquet('{path}')"  # noqa: S608 - ours
        query = f"SELECT count(*) FROM ({passed} INTERSECT SELECT * FROM read_parquet('{tmp_path / 'source'}'))"  # noqa: S608 - ours
        assert duck.execute(query).fetchone() == (2,), "every value is the very same, NULL and '' included"


def test_as_csv_and_json_values_have_one_text_wherever_the_machine_is(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    of_sql(
        tmp_path,
        f"SELECT {FEATURES}, "
        + ", ".join(f"{COLUMNS[n][0]} AS {n}" for n in ("zoned", "nan", "f", "dec", "day", "empty", "none", "u64")),
    )
    (row,) = read_output(score(tmp_path, FileSettings(output="csv"))[0])
    wanted = {
        "zoned": "2024-02-29 10:00:00.000001+00",
        "nan": "nan",
        "f": "0.1",
        "dec": "12345678901234567890.1234567890",
        "day": "2024-02-29",
        "empty": "",
        "none": "",
        "u64": "18446744073709551615",
    }
    assert {name: row[name] for name in wanted} == wanted
    path, _ = score(tmp_path, FileSettings(output="jsonl"))
    (row,) = read_output(path)
    assert b'"f":0.1,' in path.read_bytes()
    assert (row["nan"], row["none"], row["empty"], row["u64"]) == (None, None, "", 2**64 - 1)
    assert (row["age"], row["member"], row["day"]) == (33, True, "2024-02-29")


@pytest.mark.parametrize(
    ("types", "row", "code"),
    [
        ({}, GOOD, "ok"),
        ({"amount": "FLOAT"}, GOOD, "ok"),
        ({"amount": "DECIMAL(10,2)"}, [Decimal("5.10"), *GOOD[1:]], "ok"),
        ({"amount": "BIGINT"}, [5, *GOOD[1:]], "ok"),
        ({"amount": "VARCHAR"}, ["5.10", *GOOD[1:]], "ok"),
        ({"age": "DOUBLE"}, [5.1, 33.0, True, "red"], "ok"),
        ({"age": "DOUBLE"}, [5.1, 33.5, True, "red"], "wrong_type"),
        ({"member": "INTEGER"}, [5.1, 33, 1, "red"], "ok"),
        ({"member": "INTEGER"}, [5.1, 33, 2, "red"], "wrong_type"),
        ({}, [5.1, None, True, "red"], "ok"),
        ({}, [None, 33, True, "red"], "null_value"),
        ({}, [5.1, 33, None, "red"], "null_value"),
        ({}, [5.1, 33, True, None], "null_value"),
        ({}, [5.1, 33, True, ""], "null_value"),
        ({}, [5.1, 33, True, "mauve"], "unknown_category"),
        ({}, [float("nan"), 33, True, "red"], "not_finite"),
        ({}, [1e6, 33, True, "red"], "out_of_range"),
        ({"amount": "DATE"}, [dt.date(2024, 1, 1), *GOOD[1:]], "wrong_type"),
        ({"amount": "VARCHAR"}, ["1_000", *GOOD[1:]], "wrong_type"),
    ],
)
def test_a_value_of_any_type_is_read_by_its_text(tmp_path, types, row, code):
    write_parquet(tmp_path / "source", TYPES | types, [row])
    path, rejects = score(tmp_path)
    assert [r["code"] for r in rejects] == ([] if code == "ok" else [code])
    assert len(read_output(path)) == (code == "ok")


def test_a_rejected_row_is_named_by_its_number(tmp_path):
    rows = [[*GOOD, "two\nlines"], [1e6, 33, True, "red", "a\r\nb\n"], [*GOOD, ""], [5.1, 200, True, "red", None]]
    write_parquet(tmp_path / "source", TYPES | {"note": "VARCHAR"}, rows)
    path, rejects = score(tmp_path, FileSettings(id="note"))
    assert [(r["line"], r["byte"], r["code"]) for r in rejects] == [
        ("2", "", "out_of_range"),
        ("4", "", "out_of_range"),
    ]
    assert rejects[0]["raw"] == '1000000.0,33,true,red,"a\r\nb\n"'
    assert [row["note"] for row in read_output(path)] == ["two\nlines", ""]


@pytest.mark.law
@pytest.mark.parametrize("threads", [1, 2])
def test_rows_of_many_groups_keep_their_order(tmp_path, threads):
    count = full_or(200_000, 30_000)
    query = f"SELECT i, 'x' || i AS text, {FEATURES} FROM range({count}) t(i)"  # noqa: S608 - our own
    of_sql(
        tmp_path, query.replace("33 AS age", "CASE i % 7 WHEN 0 THEN 999 ELSE 33 END AS age"), ", ROW_GROUP_SIZE 2048"
    )
    path, rejects = score(tmp_path, threads=threads)
    assert [row["i"] for row in read_output(path)] == [i for i in range(count) if i % 7]
    assert [int(r["line"]) for r in rejects] == [i + 1 for i in range(count) if i % 7 == 0]


@pytest.mark.parametrize("output", ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])
def test_a_file_without_rows_gives_a_file_without_rows(tmp_path, output):
    write_parquet(tmp_path / "source", TYPES, [])
    path, rejects = score(tmp_path, FileSettings(output=output))
    assert (read_output(path), rejects) == ([], [])


def renamed(folder, **names):
    """Names of the same length, put into the finished file: no writer at hand takes these."""
    body = (folder / "source").read_bytes()
    for before, after in names.items():
        assert body.count(before.encode()) > 0
        body = body.replace(before.encode(), after.encode())
    (folder / "source").write_bytes(body)


def test_columns_whose_names_differ_by_case_only_keep_them_where_the_output_can(tmp_path):
    of_sql(tmp_path, f"SELECT 1 AS xxxx, {FEATURES}, 2 AS yyyy")
    renamed(tmp_path, xxxx="Note", yyyy="note")
    path, _ = score(tmp_path, FileSettings(output="csv"))
    (row,) = read_output(path)
    assert (row["Note"], row["note"]) == ("1", "2")
    with pytest.raises(BadSettings, match="names that differ by more than case; or write csv"):
        score(tmp_path)
    path, _ = score(tmp_path, FileSettings(drop=("note",)))
    (row,) = read_output(path)
    assert (row["Note"], "note" in row) == (1, False)


def test_a_feature_that_is_there_twice_is_refused(tmp_path):
    of_sql(tmp_path, f"SELECT 1 AS wwwwww, {FEATURES}")
    renamed(tmp_path, wwwwww="amount")
    with pytest.raises(UnreadableFile, match="the header names more than once: amount"):
        score(tmp_path)


def test_a_row_of_too_much_text_is_one_reject_whatever_is_in_it(tmp_path):
    """Among it line ends and quotes, of which CSV would make rows."""
    hostile = '1,2,true,red\n"\r\n' * 90_000
    rows = [[*GOOD, "a"], [*GOOD, hostile], [*GOOD, None], [*GOOD, hostile[:200_000]], [*GOOD, "é" * 600_000]]
    write_parquet(tmp_path / "source", TYPES | {"note": "VARCHAR"}, rows)
    path, rejects = score(tmp_path)
    assert [(r["line"], r["code"]) for r in rejects] == [("2", "too_long"), ("5", "too_long")]
    assert [row["note"] for row in read_output(path)] == ["a", None, hostile[:200_000]]


@pytest.mark.law
def test_a_damaged_file_is_refused_and_none_of_its_text_is_told(law, tmp_path):
    """Or, where the damage shows nowhere, read; but it is never a crash."""
    write_parquet(tmp_path / "source", TYPES | {"secret": "VARCHAR"}, [[*GOOD, f"secret{i}"] for i in range(300)])
    body, chance = (tmp_path / "source").read_bytes(), law.chance()
    damaged = [body[:end] for end in (9, 100, len(body) // 2, len(body) - 1)]
    for _ in range(full_or(300, 30)):
        place = chance.randrange(5, len(body))
        damaged.append(body[:place] + chance.randbytes(chance.choice([1, 4])) + body[place + 1 :])
    told = []
    for one in law.each(damaged):
        (tmp_path / "source").write_bytes(one)
        try:
            score(tmp_path)
        except UnreadableFile as error:
            told.append(str(error))
    assert len(told) >= 4
    assert not [reason for reason in told if "secret" in reason]


@pytest.mark.parametrize(
    ("data", "settings", "words"),
    [
        (b"PAR1\x15\x04nothing", DEFAULTS, "no Parquet that can be read"),
        (b"PAR1", FileSettings(format="parquet"), "no Parquet that can be read"),
    ],
)
def test_what_is_no_parquet_is_refused(tmp_path, data, settings, words):
    (tmp_path / "source").write_bytes(data)
    with pytest.raises(UnreadableFile, match=words):
        score(tmp_path, settings)


def test_settings_of_csv_are_refused_for_parquet(tmp_path):
    write_parquet(tmp_path / "source", TYPES, [GOOD])
    with pytest.raises(BadSettings, match="this file is Parquet"):
        score(tmp_path, FileSettings(header=False, columns=tuple(TYPES)))


def test_text_that_is_not_utf8_is_refused_and_not_told(tmp_path):
    write_parquet(tmp_path / "source", TYPES | {"note": "VARCHAR"}, [[*GOOD, "secretXX"]])
    renamed(tmp_path, secretXX="secretXY")
    body = (tmp_path / "source").read_bytes().replace(b"secretXY", b"secret\xff\xfe")
    (tmp_path / "source").write_bytes(body)
    with pytest.raises(UnreadableFile) as caught:
        score(tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.law
@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"SELECT {FEATURES} FROM range(30_000_000)", "values; drop it"),  # noqa: S608 - our own
        (f"SELECT {FEATURES}, repeat('x', 1_000_000) AS note FROM range(5_000)", "bytes of text, more than 512 MiB"),  # noqa: S608 - our own
    ],
)
def test_a_small_file_of_very_much_is_refused_in_little_memory(tmp_path, query, words):
    of_sql(tmp_path, query)
    assert (tmp_path / "source").stat().st_size < 8 << 20
    path = os.pathsep.join(map(str, (ROOT, ROOT / "layers/core")))
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.peak", str(tmp_path / "source"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    assert words in found["unreadable"]
    assert found["peak_mb"] < 700  # DuckDB may take 512 of it


def test_more_than_may_be_written_is_refused(tmp_path):
    write_parquet(tmp_path / "source", TYPES, [GOOD] * 100)
    with pytest.raises(FileTooLarge, match="too much for one piece; drop it unpacked, as CSV or JSON lines"):
        score(tmp_path, most_bytes=1000)
