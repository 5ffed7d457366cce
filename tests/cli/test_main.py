"""The command line: help at once with an example for each command, and exit codes that scripts can rely on."""

import json
import subprocess
import sys

import pytest
from scorelet.errors import ScoreletError

from cli.main import COMMANDS, build_parser, main


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command, capsys):
    arguments = ["local", "up"] if command == "local" else [command]
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--help"])
    assert caught.value.code == 0
    assert f"scorelet {' '.join(arguments)}" in capsys.readouterr().out.split("example:")[1]


def test_bad_usage_ends_with_2(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["promote", "iris", "two"])
    assert caught.value.code == 2


def test_a_failure_ends_with_1_and_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["models", "--local"]) == 1
    assert "scorelet local up" in capsys.readouterr().err


def test_a_failure_is_json_where_json_was_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["models", "--local", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "no_target"


def test_help_imports_neither_tensorflow_nor_boto3():
    code = (
        "import sys; from cli.main import build_parser; build_parser(None); "
        "print([m for m in ('tensorflow', 'boto3', 'moto', 'numpy', 'duckdb') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_error_has_a_stable_code_and_a_remedy():
    for command in COMMANDS:
        build_parser(command)  # errors of the commands count too
    kinds = [ScoreletError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        assert kind.code
        assert kind.remedy
    codes = [k.code for k in kinds]
    assert len(set(codes)) == len(codes)
