"""scorelet inspect: what is in a package, proved the way serving proves it."""

import argparse
import json
from pathlib import Path
from typing import Any

from scorelet.package import ModelPackage

from cli.package_folder import read_package
from cli.report import Report, describe, table


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands,
        "inspect",
        run,
        summary=summary,
        example="scorelet inspect build/iris",
    )
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="the folder that `scorelet train` printed")


def run(args: argparse.Namespace) -> Report:
    """Load the package as serving does, then describe it."""
    package = read_package(args.package)
    data = json.loads(package.manifest.to_bytes()) | {"digest": package.digest}
    return Report(data, "\n\n".join([_head(package), _features(package), _parity(package), _metrics(package)]))


def _head(package: ModelPackage) -> str:
    manifest = package.manifest
    labels = f" into {', '.join(manifest.signature.labels)}" if manifest.signature.labels else ""
    return (
        f"{manifest.name}, {manifest.signature.task}{labels}, created {manifest.created}\n"
        f"{package.digest}\n"
        f"{len(manifest.golden.records)} golden records replayed within {manifest.golden.tolerance:g}"
    )


def _features(package: ModelPackage) -> str:
    rows = [[f.name, f.type, f.expected()] for f in package.signature.features]
    return table(["feature", "type", "accepts"], rows)


def _parity(package: ModelPackage) -> str:
    quantization = package.manifest.quantization
    rows = quantization.get("parity", [])
    if not rows:
        return "no parity table"
    head = list(rows[0])
    cells = [[f"{row[c]:.4g}" if isinstance(row[c], float) else row[c] for c in head] for row in rows]
    return f"quantization: {quantization.get('scheme')} was chosen\n" + table(head, cells)


def _metrics(package: ModelPackage) -> str:
    return "metrics\n" + json.dumps(package.manifest.metrics, indent=1)
