"""Every metric the product publishes, by name, and the one way to publish them: CloudWatch's embedded metric format.

A line on standard output becomes metrics by service, and by service and model where a model is known.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

METRICS: Mapping[str, MetricUnit] = {
    # predict
    "Requests": MetricUnit.Count,
    "InvalidRequests": MetricUnit.Count,
    "Faults": MetricUnit.Count,
    "LatencyMs": MetricUnit.Milliseconds,
    # predict and batch
    "RowsScored": MetricUnit.Count,
    "ModelRefused": MetricUnit.Count,
    # batch
    "FilesScored": MetricUnit.Count,
    "FilesFailed": MetricUnit.Count,
    "RowsIn": MetricUnit.Count,
    "RowsRejected": MetricUnit.Count,
    # monitor
    "WindowRows": MetricUnit.Count,
    "DriftedFeatures": MetricUnit.Count,
    "DriftEffect": MetricUnit.Count,
    # alert
    "AlertsSent": MetricUnit.Count,
    "Rollbacks": MetricUnit.Count,
}


def publish(values: Mapping[str, float], *, time_ms: int, model: str | None = None) -> None:
    """Write one line with these metrics at `time_ms` (epoch milliseconds); raises KeyError for an unlisted name."""
    if not values:
        return
    metrics = EphemeralMetrics()
    for name, value in values.items():
        metrics.add_metric(name, METRICS[name], value)
    if model is not None:
        metrics.add_dimensions(service=metrics.service or "", Model=model)
    with warnings.catch_warnings():
        # a clock that is off by hours (a test's, or a redelivered event's) is CloudWatch's to judge, not ours to print
        warnings.simplefilter("ignore")
        metrics.set_timestamp(time_ms)
        metrics.flush_metrics()
