import json
from dataclasses import fields

import pytest
from scorelet.file_settings import BadSettings, FileSettings, from_metadata, from_toml, to_metadata

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
        (({}, {"keep": []}), "keep must be a list of column names, not"),
        (({}, {"keep": ["a", "a"]}), "keep names a column twice"),
        (({}, {"id": 7}), "id must be a text, not 7"),
        (({}, {"output": ["csv"]}), "output is .'csv'., not one of"),
    ],
)
def test_a_mistake_names_the_setting_and_the_source(sources, words):
    with pytest.raises(BadSettings, match=words):
        settled(*sources)


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
