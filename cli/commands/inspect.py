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
    parts = [_head(package), _features(package), *_files(package), _parity(package), _metrics(package)]
    return Report(data, "\n\n".join(parts))


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


def _files(package: ModelPackage) -> list[str]:
    """How dropped files are read unless they say otherwise, where that is not the usual way."""
    found = package.manifest.file_settings
    return [table(["setting of files", "default"], [[n, json.dumps(v)] for n, v in found.items()])] if found else []


def _parity(package: ModelPackage) -> str:
    quantization = package.manifest.quantization
    head = ("scheme", "size_bytes", "quality", "label_flips", "largest_difference", "mean_difference")
    rows = [[_short(row[c]) for c in head] for row in quantization["parity"]]
    return f"{quantization['scheme']} was chosen; against the Keras model, as served:\n" + table(head, rows)


def _metrics(package: ModelPackage) -> str:
    rows = [
        [where.replace("_", " "), name, _short(m["value"]), _short(m["low"]), _short(m["high"])]
        for where in ("held_out", "out_of_fold")
        for name, m in package.manifest.metrics[where]["metrics"].items()
    ]
    return table(("rows", "metric", "value", "95 % from", "to"), rows)


def _short(value: object) -> object:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else value
