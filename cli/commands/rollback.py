"""scorelet rollback: let the version before answer again."""

import argparse
from dataclasses import asdict
from typing import Any

from cli.report import Report, describe
from cli.target import add_target_options, find_target, now, whoami


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands,
        "rollback",
        run,
        summary=summary,
        example="scorelet rollback iris --why 'version 2 scores too low'",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--alias", default="live", help="default: live")
    parser.add_argument("--why", default="rolled back by hand", help="kept beside the decision")
    add_target_options(parser)


def run(args: argparse.Namespace) -> Report:
    """Change the alias over the state it is in."""
    registry = find_target(args).registry()
    before = registry.alias(args.name, args.alias)
    if before.shares or before.shadow:  # the last decision was to try another version: that is what goes back
        alias = registry.end_split(args.name, args.alias)
        return Report(asdict(alias), f"{args.name}: {args.alias} is version {alias.current.version} alone again.")
    alias = registry.rollback(args.name, alias=args.alias, at=now(), by=whoami(), why=args.why)
    return Report(asdict(alias), f"{args.name}: {args.alias} is version {alias.current.version} again.")
