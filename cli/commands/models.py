"""scorelet models: what is published and what answers."""

import argparse
from typing import Any

from cli.report import Report, describe, table
from cli.target import add_target_options, find_target


def add(commands: Any, summary: str) -> None:
    """Describe the command."""
    parser = describe(commands, "models", run, summary=summary, example="scorelet models --local")
    add_target_options(parser)


def run(args: argparse.Namespace) -> Report:
    """Read the registry."""
    registry = find_target(args).registry()
    data, rows = [], []
    for name in registry.names():
        aliases = registry.aliases(name)
        for version in registry.versions(name):
            manifest, digest = registry.manifest(name, version)
            held = [alias for alias, found in aliases.items() if found.current.version == version]
            rows.append([name, version, ",".join(held) or "-", manifest.created, digest[:19]])
            data.append(
                {"name": name, "version": version, "aliases": held, "digest": digest, "created": manifest.created}
            )
    text = table(["name", "version", "aliases", "created", "digest"], rows) if data else "No model is published yet."
    return Report(data, text)
