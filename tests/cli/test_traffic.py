"""Versions beside one another, by the command line against a local stack: weights, shadows, going back, and reasons."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.commands.local import _target
from cli.plane.clock import RunningClock
from cli.plane.serve import serve
from cli.plane.stack import LocalStack
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package, tiny_records

ROOT = Path(__file__).parents[2]
RECORD = json.dumps(tiny_records(1)[0])


@pytest.fixture(scope="module")
def stack():
    with serve(LocalStack(ROOT / "template.yaml", {"AliasTtlSeconds": "1"}, clock=RunningClock()), 0) as served:
        registry = Registry(S3Store(served.stack.client("s3")), served.stack.bucket("ModelBucket"))
        for version in (1, 2, 3):
            registry.publish(tiny_package(version=version)[0])
        yield served, registry


@pytest.fixture
def registry(stack):
    """Three versions of `tiny`, the first live and alone."""
    stack[1].promote("tiny", 1, **WHO)
    return stack[1]


@pytest.fixture
def scorelet(stack, registry, tmp_path, monkeypatch):
    """Runs the command beside the stack, as a process of its own: here the functions redirect what is printed."""
    monkeypatch.chdir(tmp_path)
    _target(stack[0].stack, int(stack[0].api_url.rpartition(":")[2])).save_as_local()

    def run(*arguments, code=0):
        path = os.pathsep.join(map(str, (ROOT, ROOT / "layers/core")))
        command = [sys.executable, "-m", "cli.main", *arguments, "--local"]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr

    return run


def test_a_weight_lets_another_version_answer_beside_and_names_its_share(scorelet, registry):
    assert "live is version 1, version 2 for 25.0%" in scorelet("promote", "tiny", "2", "--weight", "0.25")
    alias = registry.alias("tiny")
    assert alias.current.version == 1
    assert [(share.entry.version, share.weight) for share in alias.shares] == [(2, 0.25)]


@pytest.mark.parametrize("weight", ["1", "-0.1", "nan"])
def test_a_weight_that_is_no_share_is_refused_and_changes_nothing(scorelet, registry, weight):
    assert "leaves nothing to version 1" in scorelet("promote", "tiny", "2", f"--weight={weight}", code=1)
    assert registry.alias("tiny").shares == ()


def test_a_weight_and_a_shadow_at_once_is_bad_usage(scorelet):
    assert "not allowed with" in scorelet("promote", "tiny", "2", "--weight", "0.5", "--shadow", code=2)


def test_a_shadow_stands_beside_the_current_version_which_answers(scorelet, registry):
    assert "version 3 as a shadow" in scorelet("promote", "tiny", "3", "--shadow", "--why", "to compare")
    alias = registry.alias("tiny")
    assert (alias.current.version, alias.shadow.version, alias.shadow.why) == (1, 3, "to compare")
    assert scorelet("predict", "tiny", RECORD, "--json")["model_version"] == 1


@pytest.mark.parametrize("option", [["--weight", "0.5"], ["--shadow"], []])
def test_a_version_that_was_never_published_is_refused_by_name(scorelet, registry, option):
    said = scorelet("promote", "tiny", "9", *option, code=1)
    assert said.startswith("scorelet: ")
    assert "version 9" in said
    assert registry.alias("tiny").current.version == 1


@pytest.mark.parametrize("option", [["--weight", "0.25"], ["--shadow"]])
def test_rollback_of_a_trial_leaves_the_current_version_alone(scorelet, registry, option):
    scorelet("promote", "tiny", "2", *option)
    assert "live is version 1 alone again" in scorelet("rollback", "tiny")
    alias = registry.alias("tiny")
    assert (alias.current.version, alias.shares, alias.shadow) == (1, (), None)


def test_a_plain_promote_ends_the_trial_and_rollback_goes_back(scorelet, registry):
    scorelet("promote", "tiny", "2", "--weight", "0.25")
    assert scorelet("promote", "tiny", "2", "--json")["shares"] == []
    assert scorelet("rollback", "tiny", "--json")["current"]["version"] == 1
    assert registry.alias("tiny").shares == ()


def test_predict_explains_itself_when_asked(scorelet):
    (plain,) = scorelet("predict", "tiny", RECORD, "--json")["predictions"]
    (answer,) = scorelet("predict", "tiny", f"[{RECORD}]", "--explain", "--json")["predictions"]
    why = answer.pop("explanation")
    assert answer == plain
    assert why["base"] + sum(why["values"].values()) == pytest.approx(
        answer["probabilities"][answer["label"]], rel=1e-5
    )
    assert set(why["values"]) == set(json.loads(RECORD))


def test_predict_prints_the_refusal_with_the_place_and_ends_with_1(scorelet):
    assert "/instances/0/amount: " in scorelet("predict", "tiny", '{"amount": "much"}', "--explain", code=1)
