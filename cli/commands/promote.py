"""scorelet promote: let a published version answer."""

import argparse
from dataclasses import asdict
from typing import Any

from cli.report import Report, describe
from cli.target import add_target_options, find_target, now, whoami


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands,
        "promote",
        run,
        summary=summary,
        example="scorelet promote iris 2 --why 'retrained on October'",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("version", metavar="VERSION", type=int)
    parser.add_argument("--alias", default="live", help="default: live")
    parser.add_argument("--why", default="promoted by hand", help="kept beside the decision")
    add_target_options(parser)


def run(args: argparse.Namespace) -> Report:
    """Change the alias over the state it is in."""
    alias = (
        find_target(args)
        .registry()
        .promote(args.name, args.version, alias=args.alias, at=now(), by=whoami(), why=args.why)
    )
    before = f" (before: {alias.history[0].version})" if alias.history else ""
    return Report(asdict(alias), f"{args.name}: {args.alias} is version {alias.current.version}{before}.")
