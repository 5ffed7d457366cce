"""The `scorelet` command: exit code 0 done, 1 failed, 2 bad usage."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence

from scorelet import __version__
from scorelet.errors import ScoreletError

# Each is cli.commands.<name>; modules import what is slow (TensorFlow, boto3) only when they run.
COMMANDS = ("train", "inspect", "publish", "models", "promote", "rollback", "predict", "score", "local")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command."""
    args = build_parser().parse_args(argv)
    try:
        report = args.run(args)
    except ScoreletError as error:
        return _fail(args, error)
    except KeyboardInterrupt:
        return 1
    if args.json:
        print(json.dumps(report.data, indent=1, default=str))
    elif report.text:
        print(report.text)
    return report.exit_code


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="scorelet", description="Train a model on your table and run it on AWS with nothing to keep alive."
    )
    parser.add_argument("--version", action="version", version=f"scorelet {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"cli.commands.{name}").add(commands)
    return parser


def _fail(args: argparse.Namespace, error: ScoreletError) -> int:
    if args.json:
        print(json.dumps({"error": str(error), "code": error.code, "remedy": error.remedy}, indent=1))
    else:
        print(f"scorelet: {error}\n  {error.remedy}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
