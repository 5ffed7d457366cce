"""scorelet publish: a package into the registry, under the next version."""

import argparse
from pathlib import Path
from typing import Any

from cli.package_folder import files_to_publish, read_package
from cli.report import Report, describe
from cli.target import add_target_options, find_target


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(
        commands,
        "publish",
        run,
        summary=summary,
        example="scorelet publish build/iris --key signing-key.pem",
    )
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="the folder that `scorelet train` printed")
    parser.add_argument("--key", type=Path, help="PEM file of the private ECDSA P-256 key that signs the manifest")
    add_target_options(parser)


def run(args: argparse.Namespace) -> Report:
    """Prove the package, number it, sign it, write it."""
    package = read_package(args.package)
    registry = find_target(args).registry()
    version = registry.next_version(package.manifest.name)
    key = args.key.read_bytes() if args.key else None
    manifest, digest = registry.publish(files_to_publish(args.package, version, key))
    data = {"name": manifest.name, "version": version, "digest": digest, "signed": key is not None}
    text = (
        f"Published {manifest.name} version {version} ({digest[:19]}…), {'signed' if key else 'not signed'}.\n"
        f"Let it answer with: scorelet promote {manifest.name} {version}"
    )
    return Report(data, text)
