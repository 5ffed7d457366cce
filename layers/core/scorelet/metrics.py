"""Every metric the product publishes, by name, and the one way to publish them: CloudWatch's embedded metric format.

A line on standard output becomes metrics by service, and by service and model where a model is known. The names of
service and namespace come from the variables that Powertools reads; its own `EphemeralMetrics` took half the time of a
request (`make bench-predict`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from scorelet.json_text import to_json

METRICS: Mapping[str, str] = {
    # predict
    "Requests": "Count",
    "InvalidRequests": "Count",
    "Faults": "Count",
    "LatencyMs": "Milliseconds",
    # predict and batch
    "RowsScored": "Count",
    "ModelRefused": "Count",
    # batch
    "FilesScored": "Count",
    "FilesFailed": "Count",
    "RowsIn": "Count",
    "RowsRejected": "Count",
    "ShardsScored": "Count",
    "ShardRows": "Count",
    "FilesReconciled": "Count",
    "UnfinishedFiles": "Count",
    # monitor
    "WindowRows": "Count",
    "DriftedFeatures": "Count",
    "DriftEffect": "Count",
    # alert
    "AlertsSent": "Count",
    "Rollbacks": "Count",
}


def publish(values: Mapping[str, float], *, time_ms: int, model: str | None = None) -> None:
    """Write one line with these metrics at `time_ms` (epoch milliseconds); raises KeyError for an unlisted name."""
    if not values:
        return
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Scorelet")
    directive = _directive(namespace, tuple(values), model is not None)
    names = {"service": os.environ.get("POWERTOOLS_SERVICE_NAME", "")}
    if model is not None:
        names["Model"] = model
    head = {"_aws": {"Timestamp": time_ms, "CloudWatchMetrics": [directive]}}
    print(to_json({**head, **names, **{name: [float(value)] for name, value in values.items()}}))


@lru_cache(maxsize=64)  # a function publishes the same few sets of metrics over and over
def _directive(namespace: str, names: tuple[str, ...], by_model: bool) -> dict[str, Any]:
    return {
        "Namespace": namespace,
        "Dimensions": [["service"], ["service", "Model"]] if by_model else [["service"]],
        "Metrics": [{"Name": name, "Unit": METRICS[name]} for name in names],
    }
