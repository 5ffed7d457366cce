"""CloudWatch embedded metric format: the metrics that a log line carries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cli.plane.clock import from_epoch_ms
from cli.plane.metrics import Dimensions

Point = tuple[str, str, Dimensions, datetime, float, str]


def points(message: str, at: datetime) -> Iterator[Point]:
    """Namespace, name, dimensions, time, value and unit of every value in the line; nothing for other lines.

    Each dimension set is a metric of its own; a set that names an absent member is skipped, as is a value that
    is not a number.
    """
    if not message.startswith("{") or '"_aws"' not in message:
        return
    try:
        document = json.loads(message)
    except ValueError:
        return
    about = document.get("_aws")
    if not isinstance(about, dict):
        return
    stamp = about.get("Timestamp")
    moment = from_epoch_ms(stamp) if isinstance(stamp, int | float) else at
    for directive in about.get("CloudWatchMetrics", []):
        yield from _directive(directive, document, moment)


def _directive(directive: dict[str, Any], document: dict[str, Any], moment: datetime) -> Iterator[Point]:
    sets = [names for names in directive.get("Dimensions", [[]]) if all(name in document for name in names)]
    for names in sets:
        dimensions = tuple(sorted((name, str(document[name])) for name in names))
        for metric in directive.get("Metrics", []):
            values = document.get(metric["Name"], [])
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, int | float) and not isinstance(value, bool):
                    unit = metric.get("Unit", "None")
                    yield (directive["Namespace"], metric["Name"], dimensions, moment, float(value), unit)
