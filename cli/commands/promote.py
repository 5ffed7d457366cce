"""scorelet promote: let a published version answer."""

import argparse
from dataclasses import asdict
from typing import Any

from scorelet.registry import Alias

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
    beside = parser.add_mutually_exclusive_group()
    beside.add_argument(
        "--weight", type=float, metavar="W", help="answer for this share of the entities beside the current version"
    )
    beside.add_argument("--shadow", action="store_true", help="answer beside the current version, for the log only")
    parser.add_argument("--alias", default="live", help="default: live")
    parser.add_argument("--why", default="promoted by hand", help="kept beside the decision")
    add_target_options(parser)


def run(args: argparse.Namespace) -> Report:
    """Change the alias over the state it is in."""
    registry = find_target(args).registry()
    decision = {"alias": args.alias, "at": now(), "by": whoami(), "why": args.why}
    if args.shadow:
        alias = registry.shadow(args.name, args.version, **decision)
    elif args.weight is not None:
        alias = registry.split(args.name, args.version, args.weight, **decision)
    else:
        alias = registry.promote(args.name, args.version, **decision)
    return Report(asdict(alias), f"{args.name}: {args.alias} is {_in_words(alias)}.")


def _in_words(alias: Alias) -> str:
    words = f"version {alias.current.version}"
    words += f" (before: {alias.history[0].version})" if alias.history else ""
    words += "".join(f", version {share.entry.version} for {share.weight:.1%}" for share in alias.shares)
    return words + (f", version {alias.shadow.version} as a shadow" if alias.shadow else "")
