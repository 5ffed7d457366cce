"""The `scorelet` command: exit code 0 done, 1 failed, 2 bad usage."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence

from scorelet import __version__
from scorelet.errors import ScoreletError

# Each is cli.commands.<name>. Only the one that was asked for is imported, so `scorelet --help` answers at once.
COMMANDS = {
    "train": "train a model on a table, quantize it, and write a package",
    "inspect": "show a package's signature, parity, metrics and digest, after proving it",
    "publish": "publish a package to the registry under the next version",
    "models": "list models, their versions and aliases",
    "promote": "let a published version answer",
    "rollback": "let the version before the current one answer again",
    "predict": "ask a model one question",
    "score": "drop a file or a folder of files, wait, and fetch what came out; or compare two versions on one file",
    "reconcile": "find dropped files whose event never came, and have them scored",
    "doctor": "check this machine, the account and the deployment, and say what to do",
    "cost": "reckon dollars for requests, rows and an idle month, beside other ways",
    "local": "run the whole stack on this machine",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = build_parser(next((a for a in arguments if a in COMMANDS), None)).parse_args(arguments)
    try:
        report = args.run(args)
    except ScoreletError as error:
        return _fail(args, error)
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 1
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "botocore":  # named without importing it
            raise
        return _fail(args, AwsRefused(str(error)))
    if args.json:
        print(json.dumps(report.data, indent=1, default=str))
    elif report.text:
        print(report.text)
    return report.exit_code


class AwsRefused(ScoreletError):
    """A call to AWS failed."""

    code = "aws_refused"
    remedy = "Check your credentials (`aws sts get-caller-identity`), the region, and what they may do."


def build_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser of all commands, complete for the chosen one."""
    parser = argparse.ArgumentParser(
        prog="scorelet", description="Train a model on your table and run it on AWS with nothing to keep alive."
    )
    parser.add_argument("--version", action="version", version=f"scorelet {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        if name == chosen:
            importlib.import_module(f"cli.commands.{name}").add(commands, summary)
        else:
            commands.add_parser(name, help=summary)
    return parser


def _fail(args: argparse.Namespace, error: ScoreletError) -> int:
    if args.json:
        print(json.dumps({"error": str(error), "code": error.code, "remedy": error.remedy}, indent=1))
    else:
        print(f"scorelet: {error}\n  {error.remedy}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
