"""Lists, structs and maps of Parquet files: kept as they are, as JSON values in JSON lines, and no feature."""

import json
import random

import duckdb
import pytest
from scorelet.errors import UnreadableFile
from scorelet.file_settings import FileSettings

from tests.fakes.forms import read_output
from tests.fakes.nested import random_type, random_value
from tests.scorelet.test_parquet import FEATURES, of_sql, score

NESTED = "{'a': 1, 'b': [{'c': 'x,\"y'}]} AS s, [1, NULL] AS l, map {'k': NULL, 'é': 0.1::FLOAT} AS m, [['']] AS t"


def test_they_keep_their_types_and_are_json_in_json_lines_and_text_in_csv(tmp_path):
    of_sql(tmp_path, f"SELECT {NESTED}, {FEATURES}")
    path, _ = score(tmp_path)
    with duckdb.connect() as duck:
        kept = "SELECT * EXCLUDE (prediction, score, probability_low, probability_mid, probability_high)"
        types = [
            duck.execute(f"DESCRIBE {what} FROM read_parquet('{file}')").fetchall()
            for what, file in ((kept, path), ("SELECT *", tmp_path / "source"))
        ]
    assert types[0] == types[1]
    values = {"s": {"a": 1, "b": [{"c": 'x,"y'}]}, "l": [1, None], "t": [[""]]}
    (row,) = read_output(path)
    assert {name: row[name] for name in values} == values
    path, _ = score(tmp_path, FileSettings(output="jsonl"))
    (row,) = read_output(path)
    assert {name: row[name] for name in values} == values
    assert b'"m":{"k":null,"\xc3\xa9":0.1}' in path.read_bytes()
    (row,) = read_output(score(tmp_path, FileSettings(output="csv"))[0])
    assert (row["l"], row["t"], row["s"]) == ("[1, NULL]", "[['']]", "{'a': 1, 'b': [{'c': 'x,\"y'}]}")


def test_they_are_no_feature(tmp_path):
    of_sql(tmp_path, f"SELECT {FEATURES.replace('5.1', '[5.1]')}")
    with pytest.raises(UnreadableFile, match="features of the model are lists or structs in the file: amount"):
        score(tmp_path)


def test_json_has_no_nan_however_deep_it_lies_and_null_stays_null(tmp_path):
    deep = "['nan'::DOUBLE, 1.5]"
    cells = f"{deep} AS l, {{'x \"q': {deep}, 'n': '-inf'::FLOAT, 'y': 1}} AS s, "
    cells += f"map {{'k': [{{'z': {deep}}}], 'o': NULL}} AS m, "
    cells += "NULL::DOUBLE[] AS n1, NULL::STRUCT(x FLOAT) AS n2, NULL::MAP(INTEGER, DOUBLE) AS n3"
    of_sql(tmp_path, f"SELECT {cells}, {FEATURES}")
    (row,) = read_output(score(tmp_path, FileSettings(output="jsonl"))[0])
    assert row["l"] == [None, 1.5]
    assert row["s"] == {'x "q': [None, 1.5], "n": None, "y": 1}
    assert row["m"] == {"k": [{"z": [None, 1.5]}], "o": None}
    assert (row["n1"], row["n2"], row["n3"]) == (None, None, None)


def test_what_json_has_no_word_for_is_text_there(tmp_path):
    fields = "'b': '\\x00a'::BLOB, 'n': 0.10::DECIMAL(5,2), 'u': 18446744073709551615::UBIGINT"
    cells = f"[DATE '2024-02-29'] AS d, {{{fields}}} AS s"
    of_sql(tmp_path, f"SELECT {cells}, [make_timestamptz(0)] AS z, map {{7: 'x'}} AS m, {FEATURES}")
    path, _ = score(tmp_path, FileSettings(output="jsonl"))
    (row,) = read_output(path)
    assert (row["d"], row["z"], row["m"]) == (["2024-02-29"], ["1970-01-01 00:00:00+00"], {"7": "x"})
    assert (row["s"]["b"], row["s"]["u"]) == ("\\x00a", 2**64 - 1)
    assert row["s"]["n"] == 0.1


@pytest.mark.law
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_random_nested_values_of_random_types_come_out_the_same(law, tmp_path, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    with duckdb.connect() as duck:
        for seed in law.seeds(300, 15):
            chance = random.Random(seed)
            types = [duck.sqltype(random_type(chance)) for _ in range(3)]
            rows = [", ".join(f"{random_value(chance, t)} AS v{i}" for i, t in enumerate(types)) for _ in range(4)]
            of_sql(tmp_path, " UNION ALL ".join(f"SELECT {row}, {FEATURES}" for row in rows))
            path, rejects = score(tmp_path)
            assert not rejects, seed
            assert count_same(duck, tmp_path / "source", path) == len(rows), seed
            path, _ = score(tmp_path, FileSettings(output="jsonl"))
            for line in path.read_bytes().splitlines():
                json.loads(line, parse_constant=pytest.fail)


def count_same(duck, source, found):
    """How many rows have the very same values, of the same types; a text tells -0.0 from 0.0."""
    columns = [f"v{i}" for i in range(3)]
    alike = " AND ".join(
        f"typeof(a.{c}) = typeof(b.{c}) AND a.{c} IS NOT DISTINCT FROM b.{c} "
        f"AND a.{c}::VARCHAR IS NOT DISTINCT FROM b.{c}::VARCHAR"
        for c in columns
    )
    rows = f"read_parquet('{source}') a POSITIONAL JOIN read_parquet('{found}') b"
    return duck.execute(f"SELECT count(*) FROM {rows} WHERE {alike}").fetchone()[0]  # noqa: S608 - paths of the test
