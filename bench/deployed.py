"""What template.yaml deploys, as the benches of batch scoring need it."""

from __future__ import annotations

from dataclasses import dataclass

from samtranslator.yaml_helper import yaml_parse

from cli.cost.inputs import TEMPLATE


@dataclass(frozen=True, slots=True)
class Deployed:
    """The batch function and its state machine, by the template's defaults."""

    big_file_bytes: int
    shard_bytes: int
    most_shard_bytes: int
    map_concurrency: int
    memory_mb: int
    timeout_seconds: int
    architecture: str


def read_deployed() -> Deployed:
    """The defaults; to be called in the repository's folder."""
    template = yaml_parse(TEMPLATE.read_text())
    parameters = template["Parameters"]
    default = {name: parameter.get("Default") for name, parameter in parameters.items()}
    return Deployed(
        big_file_bytes=int(default["BigFileBytes"]),
        shard_bytes=int(default["ShardBytes"]),
        most_shard_bytes=int(parameters["ShardBytes"]["MaxValue"]),
        map_concurrency=int(default["MapMaxConcurrency"]),
        memory_mb=int(default["BatchMemoryMb"]),
        timeout_seconds=int(template["Resources"]["BatchFunction"]["Properties"]["Timeout"]),
        architecture=str(default["Architecture"]),
    )
