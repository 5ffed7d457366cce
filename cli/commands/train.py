"""scorelet train: from a config to a package."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.report import Report, describe, table

if TYPE_CHECKING:
    from training.train import Step, Trained


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands, "train", run, summary=summary, example="scorelet train training/configs/iris.toml --out build"
    )
    parser.add_argument("config", metavar="CONFIG", type=Path, help="a TOML file, see training/configs/")
    parser.add_argument("--out", type=Path, default=Path("build"), metavar="DIR", help="default: build")


def run(args: argparse.Namespace) -> Report:
    """Train into DIR/<name>/<n>, the first n that is free; TensorFlow is imported here and nowhere else."""
    from training.config import load
    from training.train import train

    config = load(args.config)
    taken = [int(p.name) for p in (args.out / config.name).glob("[0-9]*") if p.name.isdecimal()]
    trained = train(config, args.out, version=max(taken, default=0) + 1, on_step=_ignore if args.json else _show)
    data = {"package": str(trained.path), "digest": trained.digest, "metrics": trained.manifest.metrics}
    return Report(data, describe_trained(trained))


def describe_trained(trained: "Trained") -> str:
    """The parity table and what to do next."""
    head = ("scheme", "bytes", "label flips", "largest difference", "gates")
    rows = [
        (
            p.scheme,
            f"{p.size_bytes:,}",
            p.label_flips,
            f"{p.largest_difference:.3g}",
            "; ".join(p.failed_gates) or "passed",
        )
        for p in trained.parity
    ]
    return (
        f"{table(head, rows)}\n\n{trained.chosen.scheme} was chosen.\n"
        f"report:  {trained.path / 'report.html'}\nnext:    scorelet publish {trained.path}"
    )


def _show(step: "Step") -> None:
    print(f"[{step.number}/{step.total}] {step.name}: {step.message}", file=sys.stderr)


def _ignore(_step: "Step") -> None:
    """With --json nothing but the JSON is printed."""
