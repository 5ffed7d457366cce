"""What a command gives back: data for machines, text for people."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a command; `data` is printed with --json, `text` without."""

    data: Any
    text: str
    exit_code: int = 0


def describe(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Report], *, summary: str, example: str
) -> argparse.ArgumentParser:
    """Add a command whose --help ends with an example, and the options that every command has."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.set_defaults(run=run)
    return parser


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned columns of text.

    >>> print(table(["name", "live"], [["iris", 2]]))
    name  live
    iris  2
    """
    cells = [[str(c) for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)
