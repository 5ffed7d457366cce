"""scorelet score --version against a local stack: two versions on one input, whatever is live meanwhile."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scorelet.batch_keys import Target as FileTarget
from scorelet.file_settings import from_toml, read_values
from scorelet.manifest import MANIFEST_FILE

from cli import drop
from cli.compared_input import OldInput
from cli.earlier_runs import to_toml
from cli.target import Target
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package
from tests.fakes.score_command import score_command
from tests.fakes.versions import second_version

HEADER = "who;amount;age;member;colour\n"
ROWS = HEADER + "ann;5.10;33;true;red\nbob;-7;1;1;red\ncid;1500;7;0;red\ndan;wide;1;1;red\neve;900;80;0;light green\n"
COUNTS = {"both": 2, "only_before": 1, "only_after": 1, "neither": 1}


@pytest.fixture(params=[{}, {"BigFileBytes": "100", "ShardBytes": "40"}], ids=["small", "big"])
def sizes(request):
    return request.param


@pytest.fixture
def score(tmp_path, monkeypatch, capsys, sizes):
    packages = [tiny_package()[0], second_version()[0]]
    with score_command(tmp_path, packages, monkeypatch, capsys, sizes) as command:
        yield command


def listed(stack, prefix):
    found = stack.client("s3").list_objects_v2(Bucket=stack.bucket("DataBucket"), Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", ())]


def put(stack, key, body, **metadata):
    names = {f"scorelet-{name}": value for name, value in metadata.items()}
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key=key, Body=body, Metadata=names)


def manifests(stack):
    bucket = stack.bucket("DataBucket")
    keys = [key for key in listed(stack, "scored/") if key.endswith("manifest.json")]
    return [json.loads(stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def test_a_local_file_is_scored_by_both_and_compared(score, tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    found = score("a.csv", "--version", "2", "--set", "id=who", "--json")
    comparison = found["comparison"]
    assert comparison["rows"] == COUNTS
    assert (comparison["before"], comparison["after"], comparison["source"]) == (1, 2, "a.csv")
    assert {row["line"] for row in comparison["most_different"]} <= {2, 6}
    data, page = map(Path, found["files"])
    assert json.loads(data.read_text()) == comparison
    assert page.read_text().startswith("<!doctype html>")
    assert sorted(p.name for p in data.parent.iterdir()) == [
        "comparison.html",
        "comparison.json",
        "version-1",
        "version-2",
    ]
    assert {(m["model"]["version"], m["purpose"], m["settings"]["id"]) for m in manifests(score.stack)} == {
        (1, "comparison", "who"),
        (2, "comparison", "who"),
    }


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_what_is_promoted_meanwhile_changes_nothing_and_nothing_is_counted_as_traffic(score, tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(ROWS)
    waits = drop.time.sleep

    def promote_and_wait(seconds):
        score.registry.promote("tiny", 2, **WHO)
        waits(seconds)

    monkeypatch.setattr(drop.time, "sleep", promote_and_wait)
    said = score("a.csv", "--version", "2", "--against", "1")
    assert "Version 2 of tiny beside version 1: 5 rows, 2 scored by both, 1 by version 1 alone" in said
    assert sorted(m["model"]["version"] for m in manifests(score.stack)) == [1, 2]
    score.stack.run_until_idle()
    assert listed(score.stack, "predictions/") == []


def old_input(score):
    """A file that version 1 has scored, under an older version and with settings beside it; its address."""
    base = "incoming/tiny/day 1"
    put(score.stack, f"{base}/_scorelet.toml", b'id = "who"\n')
    put(score.stack, f"{base}/a+b.csv", HEADER.encode(), keep="age")
    put(score.stack, f"{base}/a+b.csv", ROWS.encode(), keep="member")
    score.stack.run_until_idle()
    return f"s3://{score.stack.bucket('DataBucket')}/{base}/a+b.csv"


def comparisons(stack):
    return [m for m in manifests(stack) if m.get("purpose")]


def test_old_input_is_scored_by_the_other_version_alone_and_read_as_it_was_read_before(score):
    address = old_input(score)
    put(score.stack, "incoming/tiny/day 1/_scorelet.toml", b"keep = ['nobody']\n")
    found = score(address, "--version", "2", "--json")
    assert found["comparison"]["rows"] == COUNTS
    (ours,) = comparisons(score.stack)
    assert ours["model"]["version"] == 2
    assert (ours["settings"]["id"], ours["settings"]["keep"]) == ("who", ["member"])
    assert ours["source"]["key"].startswith("incoming/tiny/_compare/")


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_old_input_is_read_as_it_was_though_the_other_package_says_otherwise(score):
    address = old_input(score)
    files, manifest = tiny_package(version=3)
    manifest = replace(manifest, file_settings={"drop": ["age"], "output": "jsonl", "delimiter": ","})
    score.registry.publish({**files, MANIFEST_FILE: manifest.to_bytes()})
    assert score(address, "--version", "3", "--json")["comparison"]["rows"]["both"] == 3
    (ours,) = comparisons(score.stack)
    assert ours["settings"] == {"max_reject_rate": 1.0, "id": "who", "keep": ["member"], "purpose": "comparison"}


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_the_version_that_scored_it_before_may_be_the_one_asked_about(score):
    address = old_input(score)
    score.registry.promote("tiny", 2, **WHO)
    found = score(address, "--version", "1", "--json")["comparison"]
    assert (found["before"], found["after"]) == (2, 1)
    assert found["rows"] == {**COUNTS, "only_before": COUNTS["only_after"], "only_after": COUNTS["only_before"]}
    assert [m["model"]["version"] for m in comparisons(score.stack)] == [2]


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_an_old_input_is_found_by_its_name_too(score):
    old_input(score)
    assert score("day 1/a+b.csv", "--version", "2", "--json")["comparison"]["rows"] == COUNTS


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_settings_of_the_command_line_have_both_versions_score_it_anew(score):
    address = old_input(score)
    found = score(address, "--version", "2", "--set", "keep=age", "--json")
    assert found["comparison"]["rows"] == COUNTS
    assert [(m["settings"]["id"], m["settings"]["keep"]) for m in comparisons(score.stack)] == [("who", ["age"])] * 2


@pytest.mark.parametrize("sizes", [{}], indirect=True)
@pytest.mark.parametrize("kind", ["scored", "rejected"])
def test_a_run_whose_outputs_were_removed_is_not_used(score, kind):
    address, bucket = old_input(score), score.stack.bucket("DataBucket")
    for key in listed(score.stack, f"{kind}/"):
        if key.endswith(".csv"):
            score.stack.client("s3").delete_object(Bucket=bucket, Key=key)
    assert score(address, "--version", "2", "--json")["comparison"]["rows"] == COUNTS
    assert sorted(m["model"]["version"] for m in comparisons(score.stack)) == [1, 2]


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_old_input_that_nobody_scored_brings_its_settings_and_those_beside_it(score):
    base = "incoming/tiny/day 1"
    put(score.stack, f"{base}/_scorelet.toml", b'id = "who"\n')
    put(score.stack, f"{base}/a+b.csv", ROWS.encode(), keep="member")
    found = score(f"s3://{score.stack.bucket('DataBucket')}/{base}/a+b.csv", "--version", "2", "--json")
    assert found["comparison"]["rows"] == COUNTS
    ours = comparisons(score.stack)
    assert sorted(m["model"]["version"] for m in ours) == [1, 2]
    assert all((m["settings"]["id"], m["settings"]["keep"]) == ("who", ["member"]) for m in ours)


def test_settings_as_toml_read_back():
    columns = ["größe", 'a "b"', "c\\d\x7f", "line\nend"]
    settings = {"delimiter": "\t", "header": False, "columns": columns, "id": "größe"}
    assert read_values(from_toml(to_toml(settings))) == {**settings, "columns": tuple(columns)}


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_a_big_object_is_copied_in_parts_with_what_it_asks_for(score):
    bucket, body = score.stack.bucket("DataBucket"), b"0123456789abcdef" * (9 << 16)
    put(score.stack, "incoming/tiny/a.csv", body, keep="age")
    s3, calls = score.stack.client("s3"), []
    version = s3.head_object(Bucket=bucket, Key="incoming/tiny/a.csv")["VersionId"]
    put(score.stack, "incoming/tiny/a.csv", b"newer")
    score.stack.tap.before.append(lambda call: calls.append(call.operation))
    source = OldInput("incoming/tiny/a.csv", version, {})
    to = Target("scorelet", score.stack.bucket("ModelBucket"), bucket, "", "us-east-1")
    dropped = source.drop(to, FileTarget("tiny", "_compare/x/a.csv"), {"scorelet-version": "2"})
    assert calls.count("UploadPartCopy") > 1
    copied = s3.get_object(Bucket=bucket, Key="incoming/tiny/_compare/x/a.csv", VersionId=dropped.version_id)
    assert (copied["Body"].read() == body, copied["Metadata"]) == (True, {"scorelet-version": "2"})


MISTAKES = [
    (["a.csv", "--version", "9"], "model 'tiny' has no version 9"),
    (["a.csv", "--version", "2", "--against", "9"], "model 'tiny' has no version 9"),
    (["a.csv", "--version", "1"], "version 1 of tiny would be compared with itself"),
    (["a.csv", "--version", "2", "--set", "version=1"], "the version is no setting; say --version"),
    (["gone.csv", "--version", "2"], "gone.csv is no file to compare versions on"),
    ([".", "--version", "2"], ". is no file to compare versions on"),
    (["s3://elsewhere/incoming/tiny/a.csv", "--version", "2"], "is no table below s3://"),
    (["s3://{}/incoming/other/a.csv", "--version", "2"], "is no table below s3://"),
    (["s3://{}/incoming/tiny/gone.csv", "--version", "2"], "incoming/tiny/gone.csv does not exist"),
]


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_mistakes_are_said_before_anything_is_dropped(score, tmp_path, capsys):
    (tmp_path / "a.csv").write_text(ROWS)
    for arguments, words in MISTAKES:
        named = [text.format(score.stack.bucket("DataBucket")) for text in arguments]
        assert words in score(*named, code=1), arguments
    for arguments in (["a.csv", "--against", "2"], ["s3://bucket/incoming/tiny/a.csv"]):
        with pytest.raises(SystemExit) as caught:
            score(*arguments)
        assert caught.value.code == 2, "bad usage"
        assert "need --version" in capsys.readouterr().err
    assert listed(score.stack, "incoming/") == []


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_a_version_that_cannot_read_the_file_is_named_with_its_reason(score, tmp_path):
    (tmp_path / "a.csv").write_text("no table\n")
    said = score("a.csv", "--version", "2", code=1)
    assert "version 1: unreadable_file: the header lacks the model's columns: amount" in said
