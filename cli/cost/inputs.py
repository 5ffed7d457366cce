"""What the reckoning starts from: list prices, what the benches measured, and what the template deploys."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.errors import ScoreletError

PRICES = Path(__file__).parents[1] / "prices.toml"
MEASURED = Path("docs/measured.json")
TEMPLATE = Path("template.yaml")


class NoMeasurement(ScoreletError):
    """A file that the reckoning starts from is missing or holds something else."""

    code = "no_measurement"
    remedy = "Run in the repository; `make bench-cost OUT=docs/measured.json` measures on this machine."


@dataclass(frozen=True, slots=True)
class Measured:
    """Time and traffic of the built functions, on one whole processor."""

    predict_ms: float
    predict_log_bytes: float
    rows_per_second: float
    collect_ms: float  # monitor reads one delivery of prediction lines, or one manifest
    evaluate_ms: float  # monitor evaluates drift


@dataclass(frozen=True, slots=True)
class Machine:
    """The state machine of big files: its steps on the way to the end, its map states, and how a child runs."""

    states: int
    maps: int
    child_states: int
    children: str  # STANDARD or EXPRESS


@dataclass(frozen=True, slots=True)
class Deployed:
    """What of the template has a price, or decides about one."""

    architecture: str
    predict_mb: int
    batch_mb: int
    monitor_mb: int
    alarm_metrics: int
    polled_queues: int
    big_file_bytes: int
    shard_bytes: int
    machine: Machine


def read_prices(path: Path = PRICES) -> dict[str, Any]:
    """The price table; raises NoMeasurement."""
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise NoMeasurement(
            f"the price table {path} cannot be read: {error}", remedy="Compare cli/prices.toml."
        ) from error


def read_measured(path: Path, **given: float | None) -> Measured:
    """What was measured, with the values `given` in its place; raises NoMeasurement."""
    try:
        found = json.loads(path.read_text())["cost"]
        return Measured(**{**found, **{name: value for name, value in given.items() if value is not None}})
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise NoMeasurement(f"{path} cannot be read: {error!r}") from error


def read_deployed(path: Path, **given: Any) -> Deployed:
    """The template's defaults, with the values `given` in their place; raises NoMeasurement."""
    from samtranslator.yaml_helper import yaml_parse

    try:
        template = yaml_parse(path.read_text())
    except OSError as error:
        raise NoMeasurement(f"{path} cannot be read: {error}") from error
    default = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    found = Deployed(
        architecture=default["Architecture"],
        predict_mb=int(default["PredictMemoryMb"]),
        batch_mb=int(default["BatchMemoryMb"]),
        monitor_mb=int(default["MonitorMemoryMb"]),
        alarm_metrics=sum(_alarm_metrics(r) for r in template["Resources"].values()),
        polled_queues=sum(_polled_queues(r) for r in template["Resources"].values()),
        big_file_bytes=int(default["BigFileBytes"]),
        shard_bytes=int(default["ShardBytes"]),
        machine=_read_machine(path.parent / template["Resources"]["BatchMachine"]["Properties"]["DefinitionUri"]),
    )
    values = {name: getattr(found, name) for name in Deployed.__slots__}
    return Deployed(**values | {name: value for name, value in given.items() if value is not None})


def _read_machine(path: Path) -> Machine:
    from samtranslator.yaml_helper import yaml_parse

    try:
        states = yaml_parse(path.read_text())["States"]
    except OSError as error:
        raise NoMeasurement(f"{path} cannot be read: {error}") from error
    maps = [state["ItemProcessor"] for state in states.values() if state["Type"] == "Map"]
    caught = {catch["Next"] for state in states.values() for catch in state.get("Catch", [])}
    return Machine(
        states=len(set(states) - caught),
        maps=len(maps),
        child_states=max(len(processor["States"]) for processor in maps),
        children=maps[0]["ProcessorConfig"]["ExecutionType"],
    )


def _alarm_metrics(resource: dict[str, Any]) -> int:
    """An alarm is priced by the metrics that it reads."""
    if resource["Type"] != "AWS::CloudWatch::Alarm":
        return 0
    return sum("MetricStat" in m for m in resource["Properties"].get("Metrics", [{"MetricStat": {}}]))


def _polled_queues(resource: dict[str, Any]) -> int:
    """Lambda asks a queue all day long, also when it is empty."""
    events = resource.get("Properties", {}).get("Events", {})
    return sum(e["Type"] == "SQS" for e in events.values()) if isinstance(events, dict) else 0
