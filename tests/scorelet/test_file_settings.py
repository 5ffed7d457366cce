import json
from dataclasses import asdict, fields, replace

import pytest
from scorelet.file_settings import (
    BadSettings,
    FileSettings,
    everything,
    from_metadata,
    from_toml,
    read_values,
    to_metadata,
)

ALL = FileSettings(
    format="csv",
    delimiter="\t",
    header=False,
    columns=("größe, cm", "b", '"c"'),
    keep=("b",),
    id=" größe",
    output="jsonl.gz",
    escape_formulas=False,
)


def test_settings_come_back_from_metadata_which_is_ascii():
    found = to_metadata(ALL.changed())
    assert all(value.isascii() and value.isprintable() for value in found.values())
    assert found["scorelet-delimiter"] == "tab"
    assert FileSettings.read(from_metadata(found)) == ALL
    assert FileSettings.read(from_metadata({"Scorelet-Escape-Formulas": "false", "other": "x"})) == FileSettings(
        escape_formulas=False
    )


def test_settings_come_back_from_what_a_manifest_holds():
    assert FileSettings.read(json.loads(json.dumps(ALL.changed()))) == ALL
    assert FileSettings().changed() == {}


def test_names_between_commas_will_do():
    assert FileSettings.read(from_metadata({"scorelet-keep": "a, b"})).keep == ("a", "b")


def test_a_settings_file_may_begin_with_a_byte_order_mark():
    assert from_toml(b'\xef\xbb\xbfdelimiter = "pipe"') == {"delimiter": "pipe"}


def settled(*sources):
    names = ("the model package", "_scorelet.toml", "the object's metadata")
    return FileSettings.settled(tuple(zip(names, sources, strict=False)))


def test_a_later_source_overrides_an_earlier_one_name_by_name():
    found = settled({"delimiter": "pipe", "id": "a"}, {"id": "b", "output": "jsonl"}, {"output": "csv"})
    assert found == FileSettings(delimiter="|", id="b", output="csv")


def test_a_later_source_may_say_the_opposite():
    assert settled({"keep": ["a"]}, {"drop": ["b"]}) == FileSettings(drop=("b",))
    assert settled({"drop": ["a"]}, {}, {"keep": "b"}) == FileSettings(keep=("b",))
    assert settled({"header": False, "columns": ["a"]}, {"header": True}) == FileSettings()
    assert settled({"header": False, "columns": ["a"]}, {"columns": ["b"]}).columns == ("b",)


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (({}, {"delimeter": ";"}), "no setting 'delimeter'; there are format, delimiter.*in _scorelet.toml"),
        (({"delimiter": ":"}, {"delimiter": ";"}), "delimiter is ':', not one of comma.*in the model package"),
        (({}, {}, {"format": "xls"}), "format is 'xls', not one of csv, jsonl, parquet .in the object's metadata"),
        (({}, {"header": 1}), "header is 1, not true or false .in _scorelet.toml"),
        (({}, {"header": False}), "columns are for files without a header.*in _scorelet.toml"),
        (({}, {"columns": ["a"]}), "columns are for files without a header"),
        (({}, {"header": False, "columns": ["a", "a"]}), "columns names a column twice"),
        (({}, {"keep": ["a"], "drop": ["b"]}), "keep and drop exclude one another .in _scorelet.toml"),
        (({}, {"keep": ","}), "keep must be a list of column names, not"),
        (({}, {"keep": ["a", "a"]}), "keep names a column twice"),
        (({}, {"id": 7}), "id must be a text, not 7"),
        (({}, {"output": ["csv"]}), "output is .'csv'., not one of"),
    ],
)
def test_a_mistake_names_the_setting_and_the_source(sources, words):
    with pytest.raises(BadSettings, match=words):
        settled(*sources)


EMPTY = [*({name: ""} for name in asdict(ALL)), *({name: []} for name in ("columns", "keep", "drop"))]


@pytest.mark.parametrize("empty", EMPTY, ids=str)
def test_an_empty_value_takes_back_what_an_earlier_source_says_and_nothing_else(empty):
    (name,) = empty
    package = asdict(replace(ALL, header=True, columns=()))
    if name in ("header", "columns"):
        package |= {"header": False, "columns": ("größe", "b")}
        empty = {"header": "", "columns": "", **empty}
    package |= {"keep": (), "drop": ("b",)} if name == "drop" else {}
    default = asdict(FileSettings())
    taken_back = {n: default[n] if n in empty else value for n, value in package.items()}
    given = FileSettings.read(package).changed()
    assert settled(given, empty) == settled(given, {}, empty) == FileSettings(**taken_back)
    assert settled(given, empty, given) == FileSettings(**package)


def test_an_empty_value_survives_as_metadata_and_a_column_of_that_name_does_too():
    values = read_values(dict.fromkeys(asdict(ALL), ""))
    found = to_metadata(values)
    assert all(found.values())
    assert found["scorelet-id"] == found["scorelet-keep"] == "none"
    assert read_values(from_metadata(found)) == values
    named = {"id": "none", "keep": ("none",)}
    assert read_values(from_metadata(to_metadata(named))) == named
    assert read_values(from_metadata({"scorelet-id": ""})) == {"id": None}


def test_keep_is_taken_back_and_drop_is_set_in_one_source():
    assert settled({"keep": ["a"]}, {"keep": "", "drop": ["b"]}) == FileSettings(drop=("b",))
    assert settled({"drop": ["a"]}, {"keep": []}) == FileSettings(drop=("a",)), "it is not what was said"


def test_settings_that_say_everything_leave_nothing_of_an_earlier_source():
    for said in ({}, {"delimiter": ";"}, {"header": False, "columns": ["a"]}, {"drop": ["a"]}):
        assert settled(ALL.changed(), everything(said)) == FileSettings.read(said)


@pytest.mark.parametrize("body", [b"delimiter = ", b"\xff\xfe", b"a = 1\na = 2", b"a = " + b"[" * 60_000])
def test_a_settings_file_that_is_no_toml_is_said(body):
    with pytest.raises(BadSettings, match=r"_scorelet\.toml cannot be read"):
        from_toml(body)


def test_metadata_that_is_no_json_is_said():
    for text in ("[a", '["\\ud800"]', "[" * 2000):
        with pytest.raises(BadSettings, match=r"the object's metadata holds '\[.*', which is no JSON"):
            from_metadata({"scorelet-keep": text})


def test_every_setting_can_be_read():
    for field in fields(FileSettings):
        with pytest.raises(BadSettings, match=field.name):
            FileSettings.read({field.name: 3.5})
