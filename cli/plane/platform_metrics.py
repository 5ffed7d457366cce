"""The metrics that AWS publishes by itself: queue depths each minute, API requests as they come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cli.plane.metrics import Metrics
from cli.plane.queues import Queue


def sample_queues(queues: Iterable[Queue], metrics: Metrics, at: datetime) -> None:
    """Publish each queue's depth for the minute that ends at `at`."""
    stamp = at - timedelta(minutes=1)
    for queue in queues:
        dimensions = (("QueueName", queue.spec.name),)
        for name, value, unit in (
            ("ApproximateNumberOfMessagesVisible", queue.visible(at), "Count"),
            ("ApproximateNumberOfMessagesNotVisible", queue.in_flight(at), "Count"),
            ("ApproximateAgeOfOldestMessage", queue.oldest_age_seconds(at), "Seconds"),
        ):
            metrics.put("AWS/SQS", name, dimensions, stamp, value, unit)


def record_request(metrics: Metrics, api_id: str, status: int, latency_ms: float, at: datetime) -> None:
    """Publish one request to an HTTP API."""
    for dimensions in ((("ApiId", api_id),), (("ApiId", api_id), ("Stage", "$default"))):
        metrics.put("AWS/ApiGateway", "Count", dimensions, at, 1, "Count")
        metrics.put("AWS/ApiGateway", "4xx", dimensions, at, 400 <= status < 500, "Count")
        metrics.put("AWS/ApiGateway", "5xx", dimensions, at, status >= 500, "Count")
        metrics.put("AWS/ApiGateway", "Latency", dimensions, at, latency_ms, "Milliseconds")
        metrics.put("AWS/ApiGateway", "IntegrationLatency", dimensions, at, latency_ms, "Milliseconds")


def record_execution(metrics: Metrics, machine_arn: str, status: str, at: datetime) -> None:
    """One execution of a state machine that began or ended."""
    names = {"RUNNING": "ExecutionsStarted", "SUCCEEDED": "ExecutionsSucceeded", "FAILED": "ExecutionsFailed"}
    metrics.put("AWS/States", names[status], (("StateMachineArn", machine_arn),), at, 1, "Count")
