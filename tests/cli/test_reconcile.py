"""scorelet reconcile beside a local stack whose events are lost."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.commands.local import _target
from cli.commands.reconcile import MOST_ROWS
from cli.main import main
from cli.plane.clock import Clock
from cli.plane.stack import LocalStack
from cli.target import Target
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package
from tests.test_docs import ROOT

GOOD = b"amount,age,member,colour\n5.10,33,true,red\n"


@pytest.fixture
def stack(tmp_path, monkeypatch):
    """Three hours behind the clock of the machine, so that what is dropped is old enough."""
    with LocalStack(ROOT / "template.yaml", clock=Clock(datetime.now(UTC) - timedelta(hours=3))) as one:
        registry = Registry(S3Store(one.client("s3")), one.bucket("ModelBucket"))
        registry.publish(tiny_package()[0])
        registry.promote("tiny", 1, **WHO)
        monkeypatch.chdir(tmp_path)
        target = _target(one, 1)
        target.save_as_local()
        yield one


def drop(stack, name, *, lost):
    stack.client("s3").put_object(Bucket=stack.bucket("DataBucket"), Key=f"incoming/{name}", Body=GOOD)
    if lost:
        stack.lose_events()
    stack.run_until_idle()


def reconcile(capsys, *options):
    capsys.readouterr()
    code = main(["reconcile", "--local", *options])
    return code, capsys.readouterr().out


def test_a_lost_file_is_found_sent_and_scored(stack, capsys):
    drop(stack, "tiny/heard.csv", lost=False)
    drop(stack, "tiny/lost file.csv", lost=True)
    code, out = reconcile(capsys)
    assert (code, out.splitlines()[0]) == (0, "2 files: 1 done, 1 lost, 0 unfinished; 1 sent.")
    assert [word.strip() for word in out.splitlines()[2].split("  ") if word][:3] == ["lost", "tiny", "lost file.csv"]
    stack.run_until_idle()
    assert reconcile(capsys) == (0, "2 files: 2 done, 0 lost, 0 unfinished.\n")


def test_a_dry_run_sends_nothing_and_says_with_its_exit_code_that_files_are_left(stack, capsys):
    drop(stack, "tiny/a.csv", lost=True)
    for _ in range(2):
        code, out = reconcile(capsys, "--dry-run", "--json")
        found = json.loads(out)
        assert (code, found["files"], found["done"]) == (1, 1, 0)
        assert [(row["state"], row["file"], row["sent"]) for row in found["found"]] == [("lost", "a.csv", False)]
    assert stack.queue("BatchQueue").messages == []


def test_what_a_function_has_heard_of_is_sent_again_on_demand_only(stack, capsys):
    drop(stack, "tiny/a.csv", lost=True)
    assert reconcile(capsys)[0] == 0
    code, out = reconcile(capsys)
    assert (code, "1 unfinished; 0 sent" in out) == (1, True)
    code, out = reconcile(capsys, "--resend-unfinished")
    assert (code, "1 unfinished; 1 sent" in out) == (0, True)
    assert len(stack.queue("BatchQueue").messages) == 2
    stack.run_until_idle()
    manifests = stack.client("s3").list_objects_v2(Bucket=stack.bucket("DataBucket"), Prefix="scored/")["Contents"]
    assert sum(item["Key"].endswith("manifest.json") for item in manifests) == 1


def test_one_model_is_looked_at_alone(stack, capsys):
    for name in ("tiny/a.csv", "tiny-2/a.csv", "other/a.csv"):
        drop(stack, name, lost=True)
    found = json.loads(reconcile(capsys, "--model", "tiny", "--json")[1])
    assert [row["model"] for row in found["found"]] == ["tiny"]


def test_what_was_dropped_before_is_left_alone(stack, capsys):
    drop(stack, "tiny/a.csv", lost=True)
    assert reconcile(capsys, "--since", "2h") == (0, "0 files: 0 done, 0 lost, 0 unfinished.\n")
    assert reconcile(capsys, "--since", "4h")[1].startswith("1 file: 0 done, 1 lost")


def test_a_long_list_is_cut_for_people(stack, capsys):
    for number in range(MOST_ROWS + 2):
        drop(stack, f"tiny/{number}.csv", lost=True)
    _, out = reconcile(capsys, "--dry-run")
    assert out.splitlines()[-1] == "… and 2 more; --json lists all."
    assert len(out.splitlines()) == MOST_ROWS + 3


@pytest.mark.parametrize("age", ["7", "0d", "59m", "61d", "-1d", "soon"])
def test_an_age_that_cannot_be_is_bad_usage(age, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["reconcile", f"--since={age}"])
    assert caught.value.code == 2
    assert "such as 90m, 12h or 7d" in capsys.readouterr().err


def test_a_stack_that_tells_no_queue_is_named(stack, capsys):
    drop(stack, "tiny/a.csv", lost=True)
    Target(
        "old", *(stack.bucket(b) for b in ("ModelBucket", "DataBucket")), "", "us-east-1", stack.endpoint_url
    ).save_as_local()
    assert main(["reconcile", "--local"]) == 1
    assert "no output BatchQueue" in capsys.readouterr().err
