"""docs/batch-files.md tells the truth: its table, its examples, its undo rule and its codes are those of the code."""

import json
import re
import shlex
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from scorelet.batch import score_object
from scorelet.batch_rejects import NO_ANSWER
from scorelet.batch_score import BatchOptions, FileProblem, score_file
from scorelet.csv_scan import Fault
from scorelet.events.s3 import S3Object
from scorelet.features import CellState
from scorelet.file_settings import (
    DELIMITERS,
    FORMATS,
    OUTPUTS,
    BadSettings,
    FileSettings,
    from_metadata,
    read_values,
    to_metadata,
)
from scorelet.formulas import guarded
from scorelet.package import load_package
from scorelet.signature import Feature, Signature

from tests.fakes.package import tiny_package
from tests.fakes.store import MemoryStore

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "batch-files.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_setting_has_its_row_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| (`\w+`|found|none|all|as it came) \| ", PAGE, re.MULTILINE))
    shown = {"found": None, "none": (), "all": (), "as it came": None, "`true`": True}
    defaults = {name: shown[text] for name, text in rows.items()}
    assert list(rows) == list(asdict(FileSettings()))
    assert {**defaults, "id": None} == asdict(FileSettings())
    for values in (DELIMITERS, FORMATS, OUTPUTS):
        assert [value for value in values if f"`{value}`" not in PAGE] == []


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "toml"])
def test_every_settings_file_on_the_page_can_be_read(text):
    found = tomllib.loads(text)
    assert FileSettings.read(found.get("files", found)).changed()


def test_every_command_on_the_page_has_settings_that_can_be_read():
    given = [pair.partition("=") for pair in re.findall(r"--set (\S+)", PAGE)]
    assert len(given) > 3
    assert all(read_values({name: value}) for name, _, value in given)
    ((metadata,),) = [re.findall(r"--metadata (\S+)", text) for _, text in BLOCKS if "--metadata" in text]
    assert FileSettings.read(from_metadata(dict(p.split("=") for p in metadata.split(",")))) == FileSettings(
        delimiter="\t", id="customer"
    )
    assert json.loads(re.search(r"`(\[\".*\\u.*\])`", PAGE)[1]) == ["größe, cm"]


def test_a_mistake_is_told_as_the_page_says():
    with pytest.raises(BadSettings) as caught:
        FileSettings.settled([("_scorelet.toml", {"delimiter": ":"})])
    assert f"`{caught.value}`" in PAGE


def test_the_example_gives_what_it_says(tmp_path):
    (data,), (scored,), (rejected,) = (
        [text for _, text in BLOCKS if text.startswith(start) and len(text.splitlines()) == lines]
        for start, lines in (("flower;sepal", 3), ("flower;note", 2), ("line,byte", 2))
    )
    words = shlex.split(re.search(r"`(scorelet score flowers.csv .*?)`", PAGE)[1])
    settings = read_values(dict(words[i + 1].split("=") for i, word in enumerate(words) if word == "--set"))
    (tmp_path / "source").write_text(data)
    score_file(tmp_path / "source", iris(), tmp_path, BatchOptions(threads=1, file=FileSettings(**settings)))
    found = [line.split(";")[:2] for line in (tmp_path / "scored.csv").read_text().splitlines()]
    assert found == [line.split(";")[:2] for line in scored.splitlines()]
    assert (tmp_path / "rejected.csv").read_text() == rejected


def test_the_manifest_of_the_example_is_as_it_says():
    (data,) = [text for _, text in BLOCKS if text.startswith("flower;sepal") and len(text.splitlines()) == 3]
    (shown,) = [json.loads(text) for kind, text in BLOCKS if kind == "json" and "read_as" in text]
    store, key, settings = MemoryStore(), shown["source"]["key"], FileSettings.read(without_rate(shown["settings"]))
    store.notes["bucket", key] = to_metadata(settings.changed())
    etag = store.put("bucket", key, data.encode())
    obj = S3Object("bucket", key, None, etag, len(data), shown["time"])
    found = score_object(obj, store, OneModel(iris()), BatchOptions(threads=1)).manifest
    same = ("schema_version", "settings", "read_as", "rows_in", "rows_scored", "rows_rejected", "rejects_by_code")
    assert {n: found[n] for n in (*same, "status", "time")} == {n: shown[n] for n in (*same, "status", "time")}
    assert keys_of(found) == keys_of(shown)
    sizes = [[told["source"]["size"], *(one["size"] for one in told["rejects"])] for told in (found, shown)]
    assert sizes[0] == sizes[1]


def without_rate(settings):
    return {name: value for name, value in settings.items() if name != "max_reject_rate"}


def keys_of(value):
    """The names of a document and of all documents in it but the features'."""
    if isinstance(value, list):
        return [keys_of(one) for one in value if isinstance(one, dict)]
    return {n: n != "sketch" and keys_of(v) for n, v in value.items()} if isinstance(value, dict) else None


class OneModel:
    def __init__(self, package):
        self.package = package

    def current(self, name, now):
        return self.package


def iris():
    """The features of the iris example over some model of that width."""
    package = load_package(tiny_package()[0].__getitem__, expected_digest=None, public_key=None)
    names = ("sepal_length", "sepal_width", "petal_length", "petal_width")
    features = tuple(Feature(name, "float", minimum=0.1, maximum=30.0) for name in names)
    old = package.signature
    bins = dict.fromkeys(names, package.manifest.baseline.bins["amount"])
    manifest = replace(
        package.manifest,
        signature=Signature(features, old.task, old.target, old.labels),
        baseline=replace(package.manifest.baseline, bins=bins),
    )
    return replace(package, manifest=manifest)


@pytest.mark.law
def test_the_guard_can_be_undone_as_the_page_says(law):
    (snippet,) = [text for kind, text in BLOCKS if kind == "python"]
    page = {}
    exec("\n".join(line[2:] for line in snippet.splitlines()), page)  # noqa: S102 - the page's own code is what is tested
    chance = law.chance()
    for _ in law.each(range(20_000)):
        text = "".join(chance.choices("=+-@'\t \0\r\n\u3000\u200b\uff1d1a.,", k=chance.randrange(6)))
        assert page["undo"](guarded(text)) == text, ascii(text)


def test_every_code_is_on_a_page():
    text = PAGE + (DOCS / "csv.md").read_text(encoding="utf-8")
    states = [state.code for state in CellState if state not in (CellState.OK, CellState.MISSING)]  # missing: JSON only
    faults = [fault.code for fault in Fault if fault not in (Fault.NONE, Fault.BAD_JSON, Fault.NAME_TAKEN)]
    kinds = [kind.code for kind in (*FileProblem.__args__, BadSettings)]
    assert [code for code in (*states, *faults, *kinds, NO_ANSWER) if f"`{code}`" not in text] == []
