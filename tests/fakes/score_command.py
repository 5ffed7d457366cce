"""`scorelet score` beside a local stack that works whenever the command looks for news."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scorelet.aws_s3 import S3Store
from scorelet.registry import Registry

from cli import drop
from cli.main import main
from cli.plane.stack import LocalStack
from cli.target import Target
from tests.fakes.api import WHO

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class ScoreCommand:
    """Runs the command in a folder; what it says comes back, read where it is JSON."""

    stack: LocalStack
    registry: Registry
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, code: int = 0) -> Any:
        assert main(["score", *arguments, "--model", "tiny", "--out", "out"]) == code
        said = self.capsys.readouterr()
        return json.loads(said.out) if "--json" in arguments else said.out + said.err


@contextmanager
def score_command(
    folder: Path,
    packages: Sequence[Mapping[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    parameters: Mapping[str, str] | None = None,
) -> Iterator[ScoreCommand]:
    """The command, run in `folder`, with these packages published and version 1 live."""
    with LocalStack(ROOT / "template.yaml", parameters) as stack:
        registry = Registry(S3Store(stack.client("s3")), stack.bucket("ModelBucket"))
        for files in packages:
            registry.publish(files)
        registry.promote("tiny", 1, **WHO)
        target = Target("scorelet", stack.bucket("ModelBucket"), stack.bucket("DataBucket"), "", "us-east-1")
        monkeypatch.setattr("cli.commands.score.find_target", lambda _args: target)
        monkeypatch.setattr("cli.target._client", lambda service, _region, _url: stack.client(service))
        monkeypatch.setattr(drop.time, "sleep", lambda _seconds: stack.run_until_idle())
        monkeypatch.chdir(folder)
        yield ScoreCommand(stack, registry, capsys)
