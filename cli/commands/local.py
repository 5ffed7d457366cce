"""scorelet local up: the whole stack on this machine, until Ctrl-C."""

from pathlib import Path
from typing import Any

from cli.report import describe


def add(commands: Any, summary: str) -> None:
    """Describe the command and its only action."""
    parser = commands.add_parser("local", help=summary, description=summary[0].upper() + summary[1:] + ".")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    up = describe(
        actions,
        "up",
        run,
        summary="serve the stack of template.yaml until Ctrl-C",
        example="scorelet local up --port 8787",
    )
    up.add_argument(
        "--port", type=int, default=8787, help="of the API (default: 8787); the AWS endpoint is the next one"
    )
    up.add_argument("--template", type=Path, default=Path("template.yaml"), help="default: template.yaml")
