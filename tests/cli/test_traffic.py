"""Versions beside one another, by the command line against a local stack: weights, shadows, going back, and reasons."""

import contextlib
import io
import json
import os

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli.commands.local import _target
from cli.main import main
from cli.plane.clock import RunningClock
from cli.plane.serve import serve
from cli.plane.stack import LocalStack
from tests.fakes.api import WHO
from tests.fakes.package import tiny_package, tiny_records

RECORD = json.dumps(tiny_records(1)[0])


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """Three versions of `tiny`, in a stack that `--local` finds; each test begins with the first alone."""
    stack = LocalStack("template.yaml", {"AliasTtlSeconds": "1"}, clock=RunningClock())
    before = os.getcwd()  # noqa: PTH109 - to be handed to chdir again
    with serve(stack, 0) as served:
        registry = Registry(S3Store(stack.client("s3")), stack.bucket("ModelBucket"))
        for version in (1, 2, 3):
            registry.publish(tiny_package(version=version)[0])
        os.chdir(tmp_path_factory.mktemp("project"))
        try:
            _target(stack, int(served.api_url.rpartition(":")[2])).save_as_local()
            yield registry
        finally:
            os.chdir(before)


@pytest.fixture(autouse=True)
def _first_version_alone(registry):
    registry.promote("tiny", 1, **WHO)


def scorelet(*arguments):
    """The command's JSON, after it has ended well."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*arguments, "--local", "--json"])
    assert code == 0, out.getvalue()
    return json.loads(out.getvalue())


def test_a_weight_lets_another_version_answer_beside_and_names_its_share(registry, capsys):
    assert main(["promote", "tiny", "2", "--weight", "0.25", "--local"]) == 0
    assert "tiny: live is version 1" in (said := capsys.readouterr().out)
    assert "version 2 for 25.0%" in said
    alias = registry.alias("tiny")
    assert alias.current.version == 1
    assert [(share.entry.version, share.weight) for share in alias.shares] == [(2, 0.25)]


def test_a_weight_that_is_no_share_is_refused_and_changes_nothing(registry, capsys):
    for weight in ("0", "1", "1.5", "-0.1", "nan"):
        assert main(["promote", "tiny", "2", f"--weight={weight}", "--local"]) == 1
        assert capsys.readouterr().err.startswith("scorelet: ")
    assert registry.alias("tiny").shares == ()


def test_a_weight_and_a_shadow_at_once_is_bad_usage(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["promote", "tiny", "2", "--weight", "0.5", "--shadow", "--local"])
    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_shadow_answers_beside_the_current_version(registry, capsys):
    assert main(["promote", "tiny", "3", "--shadow", "--why", "to compare", "--local"]) == 0
    assert "version 3 as a shadow" in capsys.readouterr().out
    alias = registry.alias("tiny")
    assert (alias.current.version, alias.shadow.version, alias.shadow.why) == (1, 3, "to compare")
    assert scorelet("predict", "tiny", RECORD)["model_version"] == 1


def test_a_version_that_was_never_published_is_refused(capsys):
    for option in (["--weight", "0.5"], ["--shadow"], []):
        assert main(["promote", "tiny", "9", *option, "--local"]) == 1
        assert "9" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--weight", "0.25"], ["--shadow"]])
def test_rollback_of_a_trial_leaves_the_current_version_alone(registry, capsys, option):
    main(["promote", "tiny", "2", *option, "--local"])
    capsys.readouterr()
    assert main(["rollback", "tiny", "--local"]) == 0
    assert "live is version 1 alone again" in capsys.readouterr().out
    alias = registry.alias("tiny")
    assert (alias.current.version, alias.shares, alias.shadow) == (1, (), None)


def test_after_the_trial_a_plain_promote_ends_it_and_rollback_goes_back(registry):
    scorelet("promote", "tiny", "2", "--weight", "0.25")
    assert scorelet("promote", "tiny", "2")["shares"] == []
    assert scorelet("rollback", "tiny")["current"]["version"] == 1
    assert registry.alias("tiny").shares == ()


def test_predict_explains_itself_when_asked():
    plain = scorelet("predict", "tiny", RECORD)["predictions"][0]
    (answer,) = scorelet("predict", "tiny", f"[{RECORD}]", "--explain")["predictions"]
    why = answer.pop("explanation")
    assert answer == plain
    assert why["base"] + sum(why["values"].values()) == pytest.approx(
        answer["probabilities"][answer["label"]], rel=1e-5
    )
    assert set(why["values"]) == set(json.loads(RECORD))


def test_predict_prints_the_refusal_with_the_place_and_ends_with_1(capsys):
    assert main(["predict", "tiny", '{"amount": "much"}', "--explain", "--local"]) == 1
    assert "/instances/0/amount: " in capsys.readouterr().out
