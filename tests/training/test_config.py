import pytest
from scorelet.errors import ScoreletError
from scorelet.file_settings import FileSettings

from tests.training.conftest import CONFIGS
from training.config import QuantizationConfig, load, parse
from training.errors import ConfigError

MINIMAL = {"name": "m", "task": "multiclass", "target": "t", "data": {"sklearn": "iris"}}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.stem)
def test_every_shipped_config_loads(path):
    assert load(path).name == path.stem.replace("_", "-")


def test_what_is_not_set_has_a_default():
    config = parse(MINIMAL)
    assert config.quantization == QuantizationConfig()
    assert config.features == ()


def test_all_mistakes_are_listed_together():
    document = {
        "name": "Not A Name",
        "task": "clustering",
        "data": {"sklearn": "iris", "table": "x.csv"},
        "model": {"epochs": 0, "hidden": [8, "x"], "dropout": 0.5},
        "evaluation": {"test_share": 1.0},
        "features": [{"name": "a", "type": "text"}, {"name": "b", "type": "float", "rnage": [0, 1]}],
        "lables": [],
    }
    with pytest.raises(ConfigError) as caught:
        parse(document)
    found = "\n".join(caught.value.mistakes)
    for words in (
        "name: must",
        "task: must",
        "target: is missing",
        "data: needs either",
        "model.epochs: must be a whole number from 1, not 0",
        "model.hidden: must",
        "model.dropout: unknown setting; known are batch_size",
        "evaluation.test_share: must be a number above 0 and below 1, not 1.0",
        "feature 'a': type 'text'",
        "unknown rnage",
        "lables: unknown setting",
    ):
        assert words in found
    assert isinstance(caught.value, ScoreletError)
    assert caught.value.remedy


def test_the_settings_of_dropped_files_are_read_as_they_will_be():
    config = parse({**MINIMAL, "files": {"delimiter": "semicolon", "id": "flower", "output": "parquet"}})
    assert config.files == FileSettings(delimiter=";", id="flower", output="parquet")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files": {"delimeter": ";"}}, "files: there is no setting 'delimeter'; there are .*: see docs/batch-files"),
        ({"files": {"header": False}}, "files: columns are for files without a header"),
        (
            {"files": {"header": False, "columns": ["x"]}, "features": [{"name": "a", "type": "float"}]},
            "files.columns lacks the features a: list every column of the files",
        ),
        ({"features": [{"name": "t", "type": "float"}]}, "also a feature"),
        ({"features": [{"name": "a", "type": "float"}] * 2}, "same name"),
        ({"task": "binary", "labels": ["a", "b", "c"]}, "binary task has two"),
        ({"task": "regression", "labels": ["a", "b"]}, "remove them"),
        ({"labels": ["a", "a", "b"]}, "each label once"),
        ({"model": {"learning_rate": float("nan")}}, "model.learning_rate"),
        ({"model": {"seed": True}}, "model.seed"),
        ({"data": "iris"}, "must be a section"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(change, words):
    with pytest.raises(ConfigError, match=words):
        parse({**MINIMAL, **change})


def test_a_table_is_found_beside_its_config(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('name = "m"\ntask = "regression"\ntarget = "t"\n[data]\ntable = "rows.csv"\n')
    assert load(path).data.table == tmp_path / "rows.csv"


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_named(tmp_path, content):
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"c\.toml: is not TOML"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
