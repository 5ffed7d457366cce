"""scorelet score --version against a local stack: two versions on one input, whatever is live meanwhile."""

import json
from pathlib import Path

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli import drop
from cli.main import main
from cli.plane.stack import LocalStack
from cli.target import Target
from tests.cli.plane.test_big_file import ROOT
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package
from tests.fakes.versions import second_version

HEADER = "who;amount;age;member;colour\n"
ROWS = HEADER + "ann;5.10;33;true;red\nbob;-7;1;1;red\ncid;1500;7;0;red\ndan;wide;1;1;red\neve;900;80;0;light green\n"
COUNTS = {"both": 2, "only_before": 1, "only_after": 1, "neither": 1}


@pytest.fixture(params=[{}, {"BigFileBytes": "100", "ShardBytes": "40"}], ids=["small", "big"])
def sizes(request):
    return request.param


@pytest.fixture
def score(tmp_path, monkeypatch, capsys, sizes):
    """Runs the command; the stack works whenever the command looks for news. Version 1 is live."""
    with LocalStack(ROOT / "template.yaml", sizes) as stack:
        registry = Registry(S3Store(stack.client("s3")), stack.bucket("ModelBucket"))
        registry.publish(tiny_package()[0])
        registry.publish(second_version()[0])
        registry.promote("tiny", 1, **WHO)
        target = Target("scorelet", stack.bucket("ModelBucket"), stack.bucket("DataBucket"), "", "us-east-1")
        monkeypatch.setattr("cli.commands.score.find_target", lambda _args: target)
        monkeypatch.setattr("cli.target._client", lambda service, _region, _url: stack.client(service))
        monkeypatch.setattr(drop.time, "sleep", lambda _seconds: stack.run_until_idle())
        monkeypatch.chdir(tmp_path)

        def run(*arguments, code=0):
            assert main(["score", *arguments, "--model", "tiny", "--out", "out"]) == code
            said = capsys.readouterr()
            return json.loads(said.out) if "--json" in arguments else said.out + said.err

        run.stack, run.registry = stack, registry
        yield run


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


@pytest.mark.parametrize("sizes", [{}], indirect=True)
def test_old_input_is_copied_with_its_settings_and_those_beside_it(score, tmp_path):
    base = "incoming/tiny/day 1"
    put(score.stack, f"{base}/_scorelet.toml", b'id = "who"\n')
    put(score.stack, f"{base}/a+b.csv", HEADER.encode(), keep="age")
    put(score.stack, f"{base}/a+b.csv", ROWS.encode(), keep="member")
    score.stack.run_until_idle()
    before = len(manifests(score.stack))
    bucket = score.stack.bucket("DataBucket")
    found = score(f"s3://{bucket}/{base}/a+b.csv", "--version", "2", "--json")
    assert found["comparison"]["rows"] == COUNTS
    ours = [m for m in manifests(score.stack) if m.get("purpose")]
    assert len(ours) == 2 == len(manifests(score.stack)) - before
    assert all((m["settings"]["id"], m["settings"]["keep"]) == ("who", ["member"]) for m in ours)
    assert all(m["source"]["key"].startswith("incoming/tiny/_compare/") for m in ours)


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
