"""scorelet train: from a config to a package."""

import argparse
import sys
from pathlib import Path
from typing import Any

from cli.report import Report, describe


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands, "train", run, summary=summary, example="scorelet train training/configs/iris.toml --out build/iris"
    )
    parser.add_argument("config", metavar="CONFIG", type=Path, help="a TOML file, see training/configs/")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: build/<name>")


def run(args: argparse.Namespace) -> Report:
    """Train; TensorFlow is imported here and nowhere else in the command line."""
    from training.config import read_config  # noqa: PLC0415 - slow to import
    from training.train import train  # noqa: PLC0415 - slow to import

    config = read_config(args.config)
    out = args.out or Path("build") / config.name
    show = (lambda _step: None) if args.json else (lambda step: print(f"  {step}", file=sys.stderr))
    summary = train(config, out, on_step=show)
    return Report({"package": str(out)}, f"{summary}\n{out}")
