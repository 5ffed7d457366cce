"""scorelet score against a local stack: settings on the command line, folders, and what is said of failures."""

import csv
import gzip
import json
from pathlib import Path

import pytest
from scorelet.aws_s3 import S3Store

from cli import drop
from cli.progress import Progress
from tests.fakes.forms import read_output
from tests.fakes.package import tiny_package
from tests.fakes.score_command import score_command

ROWS = "who;amount;age;member;colour;größe\nann;5.10;33;true;red;-1,5\nbob;wide;1;1;red;=2\n"
HEADLESS = ("delimiter=tab", "header=false", "columns=amount,age,member,colour")


@pytest.fixture
def score(tmp_path, monkeypatch, capsys):
    with score_command(tmp_path, [tiny_package()[0]], monkeypatch, capsys) as command:
        yield command


def keys(stack):
    listed = stack.client("s3").list_objects_v2(Bucket=stack.bucket("DataBucket"), Prefix="incoming/")
    return [item["Key"] for item in listed.get("Contents", ())]


def test_settings_travel_with_the_file(score, tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    found = score("a.csv", "--set", "delimiter=semicolon", "--set", "id=who", "--set", "keep=größe", "--json")
    manifest = found["manifest"]
    assert manifest["settings"] == {"max_reject_rate": 1.0, "delimiter": ";", "id": "who", "keep": ["größe"]}
    with Path(found["files"][1]).open(newline="") as file:
        assert next(csv.reader(file, delimiter=";"))[:2] == ["who", "größe"]
    assert "2 rows in = 1 scored + 1 rejected, by version 1 of tiny." in score("a.csv")


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("delimiter=;;", "delimiter is ';;', not one of"),
        ("kepe=a", "no setting 'kepe'"),
        ("keep", "needs SETTING=VALUE"),
    ],
)
def test_a_mistake_on_the_command_line_is_said_before_anything_is_dropped(score, tmp_path, pair, words):
    (tmp_path / "a.csv").write_text(ROWS)
    said = score("a.csv", "--set", pair, code=1)
    assert words in said
    assert "Nothing was dropped" in said
    assert keys(score.stack) == []


def test_a_mistake_that_only_the_file_shows_is_told_with_the_reject_file(score, tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    said = score("a.csv", "--set", "id=nobody", code=1)
    assert "bad_settings: id names what is no column of the file, or more than one: nobody.\n" in said
    assert "rejected-00000.csv" in said


def test_settings_that_s3_would_not_store_are_said_before(score, tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    said = score("a.csv", "--set", "keep=" + ",".join(f"column {i}" for i in range(300)), code=1)
    assert "more than 2048 bytes, which S3 does not store" in said
    assert "long ones go into _scorelet.toml" in said
    assert keys(score.stack) == []


@pytest.mark.parametrize(
    ("name", "body", "settings", "words"),
    [
        ("a.csv", ROWS.encode(), (), "csv, delimiter semicolon"),
        (
            "a.gz",
            gzip.compress(b"1\t2\t1\tred\n", mtime=0),
            ("delimiter=tab", *HEADLESS),
            "csv in gzip, delimiter tab, no header",
        ),
        ("a.jsonl", b'{"amount": 5.1, "age": 33, "member": true, "colour": "red"}\n', (), "jsonl"),
    ],
)
def test_how_a_file_was_read_is_said(score, tmp_path, name, body, settings, words):
    (tmp_path / name).write_bytes(body)
    assert f"\nRead as {words}.\n" in score(name, *(word for pair in settings for word in ("--set", pair)))


def test_which_delimiter_was_found_is_said_of_a_file_that_lacks_columns(score, tmp_path):
    (tmp_path / "a.csv").write_text("amount;age\n1;2\n")
    assert "columns: member, colour.\nRead as csv, delimiter semicolon.\n" in score("a.csv", code=1)
    (tmp_path / "b.csv").write_text("[]")
    assert "Read as" not in score("b.csv", code=1)


def test_names_with_commas_are_given_as_json(score, tmp_path):
    (tmp_path / "a.csv").write_text(ROWS.replace("who", "who, then"))
    found = score("a.csv", "--set", 'keep=["who, then"]', "--set", "id=who, then", "--json")
    assert found["manifest"]["settings"] == {"max_reject_rate": 1.0, "keep": ["who, then"], "id": "who, then"}


def test_an_empty_setting_takes_back_what_is_said_beside_the_file(score, tmp_path):
    (tmp_path / "march").mkdir()
    (tmp_path / "march/a.csv").write_text(ROWS)
    (tmp_path / "march/_scorelet.toml").write_text('id = "nobody"\ndelimiter = "comma"\n')
    found = score("march", "--set", "id=", "--set", "delimiter=", "--json")
    assert [file["manifest"]["settings"] for file in found["files"]] == [{"max_reject_rate": 1.0}]


def test_a_folder_is_dropped_whole_its_settings_first_and_failures_are_listed(score, tmp_path):
    folder = tmp_path / "march"
    (folder / "deep").mkdir(parents=True)
    (folder / "_scorelet.toml").write_text('id = "who"\n')
    (folder / ".hidden").write_text("x")
    (folder / "a.csv").write_text(ROWS)
    (folder / "b.csv").write_text("no table\n")
    (folder / "deep/a.csv").write_text(ROWS.replace("who", "name"))
    found = score("march", "--json", code=1)
    assert (found["rows_in"], found["rows_scored"], found["rows_rejected"]) == (4, 2, 2)
    assert found["failed"] == ["march/b.csv"]
    assert [f["manifest"]["settings"].get("id") for f in found["files"]] == ["who", "who", None]
    base = "incoming/tiny/march"
    assert keys(score.stack) == [f"{base}/_scorelet.toml", f"{base}/a.csv", f"{base}/b.csv", f"{base}/deep/a.csv"]
    said = score("march", code=1)
    assert "3 files, 1 of them not scored: 4 rows in = 2 scored + 2 rejected." in said
    assert "march/b.csv: unreadable_file: the header lacks the model's columns: amount" in said


def test_a_folder_with_a_wrong_settings_file_is_not_dropped(score, tmp_path):
    (tmp_path / "march").mkdir()
    (tmp_path / "march/a.csv").write_text(ROWS)
    (tmp_path / "march/_scorelet.toml").write_text("header = 7\n")
    assert "march/_scorelet.toml: header is 7, not true or false" in score("march", code=1)
    assert keys(score.stack) == []


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir()])
def test_what_holds_no_file_is_said(score, tmp_path, make):
    make(tmp_path / "x")
    assert "x is no file and no folder of files" in score("x", code=1)
    (tmp_path / "_scorelet.toml").write_text("")
    assert "_scorelet.toml is no file and no folder of files to score" in score("_scorelet.toml", code=1)


def test_a_file_without_an_answer_is_named_and_the_others_are_told(score, tmp_path, monkeypatch):
    (tmp_path / "march").mkdir()
    (tmp_path / "march/a.csv").write_text(ROWS)
    monkeypatch.setattr(drop.time, "sleep", lambda _seconds: None)
    said = score("march", "--timeout", "0.01", code=1)
    assert "march/a.csv: no_manifest: no manifest for march/a.csv, and nothing new, for 0.01 seconds" in said


@pytest.mark.parametrize("output", ["csv", "jsonl.gz", "parquet"])
def test_what_comes_out_is_fetched_under_the_name_of_its_form(score, tmp_path, output):
    line = {"who": "ann", "amount": 5.1, "age": 33, "member": True, "colour": "red"}
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(f"{json.dumps(line)}\n[]\n".encode()))
    found = score("a.jsonl.gz", "--set", f"output={output}", "--set", "id=who", "--json")
    run = found["manifest"]["run"]
    names = ["manifest.json", f"scored-00000.{output}", "rejected-00000.csv"]
    assert [Path(file) for file in found["files"]] == [Path("out") / f"a-{run}" / name for name in names]
    (row,) = read_output(Path(found["files"][1]))
    assert (row["who"], row["colour"], row["prediction"] in ("low", "mid", "high")) == ("ann", "red", True)
    assert ",bad_json," in Path(found["files"][2]).read_text()


def stop(*_args, **_more):
    """Ctrl-C."""
    raise KeyboardInterrupt


def test_who_stops_waiting_is_told_that_the_file_is_scored_all_the_same(score, tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(ROWS)
    monkeypatch.setattr(drop.time, "sleep", stop)
    said = score("a.csv", code=1)
    bucket = score.stack.bucket("DataBucket")
    assert f"what was dropped is scored all the same: s3://{bucket}/scored/tiny/a.csv/" in said
    score.stack.run_until_idle()
    scored = score.stack.client("s3").list_objects_v2(Bucket=bucket, Prefix="scored/tiny/a.csv/")["Contents"]
    assert scored[0]["Key"].endswith("/manifest.json")


def test_who_stops_an_upload_is_told_what_was_dropped_before(score, tmp_path, monkeypatch):
    (tmp_path / "march").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "march" / name).write_text(ROWS)
    upload, left = drop.drop, [1]

    def drop_one(*arguments):
        if not left.pop():
            raise KeyboardInterrupt
        left.append(0)
        return upload(*arguments)

    monkeypatch.setattr("cli.commands.score.drop", drop_one)
    assert "The upload was taken back. Files dropped before: 1." in score("march", code=1)
    assert keys(score.stack) == ["incoming/tiny/march/a.csv"]


def test_a_download_that_breaks_off_leaves_no_manifest_and_nothing_that_looks_whole(score, tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(ROWS)
    download = S3Store.download

    def breaks_off(store, bucket, key, path, *version):
        download(store, bucket, key, path, *version)
        if key.startswith("rejected/"):
            raise KeyboardInterrupt

    monkeypatch.setattr(S3Store, "download", breaks_off)
    score("a.csv", code=1)
    (folder,) = (tmp_path / "out").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["rejected-00000.csv.half", "scored-00000.csv"]


def test_the_parts_of_a_big_file_are_not_listed_while_it_is_waited_for(score, tmp_path, monkeypatch):
    """A file of a terabyte has tens of thousands of them, and the list would be asked for twice a second."""
    (tmp_path / "a.csv").write_text(ROWS)
    listed = []
    score.stack.tap.before.append(
        lambda call: listed.append(call.query.get("prefix")) if call.operation == "ListObjectsV2" else None
    )
    monkeypatch.setattr(
        drop.Follower, "look", lambda self: setattr(self, "_folder", "runs/tiny/a.csv/none") or Progress()
    )
    said = score("a.csv", "--timeout", "0.01", code=1)
    assert "no_manifest" not in said
    assert "no manifest for a.csv" in said
    assert listed.count("scored/tiny/a.csv/") == 1
