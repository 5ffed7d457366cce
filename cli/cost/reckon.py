"""Dollars, item by item. Every assumption that is not a price or a measurement is a constant here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cli.cost import big_files
from cli.cost.inputs import Deployed, Measured
from cli.cost.lambda_call import call

Items = dict[str, float]
HOURS = 730  # of a month
PLATFORM_LOG_BYTES = 400  # START, END and REPORT of one invocation
LOG_OVERHEAD_BYTES = 26  # CloudWatch counts this much more for each line
LINES = 5
REQUESTS_A_DELIVERY = 10  # how many requests' lines CloudWatch Logs hands to monitor at once
ROWS_A_FILE = 10_000_000
ROW_BYTES = 16  # of the rows that `make bench-cost` scores
FILE_WRITES, FILE_READS, FILE_MESSAGES = 5, 10, 3
POLLS_A_MONTH = 5 * 3 * 60 * 24 * 30  # five pollers, each asking for 20 seconds at a time
IDLE_METRICS = 6  # what an evaluation publishes: three metrics, by service, and by service and model
RECONCILE_METRICS = 2  # by service only; the price is that of the whole month, though they come every six hours
REQUEST_METRICS = 10  # of predict: five, by service, and by service and model
FILE_METRICS = 8  # of batch: four, the same way
EVALUATIONS = HOURS  # one an hour
BODY_BYTES = 1_000  # of a request and its answer together, for SageMaker's price by volume


def per_million_requests(prices: Mapping[str, Any], measured: Measured, deployed: Deployed) -> Items:
    """One record a request."""
    log_bytes = measured.predict_log_bytes + PLATFORM_LOG_BYTES + LINES * LOG_OVERHEAD_BYTES
    deliveries = 1 / REQUESTS_A_DELIVERY
    return {
        "API Gateway": prices["api"]["million_requests"],
        "predict": 1e6 * call(prices, measured.predict_ms, deployed.predict_mb, deployed.architecture),
        "logs": 1e6 * log_bytes / 1e9 * prices["logs"]["gb_ingested"],
        "monitor, reading them": 1e6
        * deliveries
        * (
            call(prices, measured.collect_ms, deployed.monitor_mb, deployed.architecture)
            + prices["s3"]["million_writes"] / 1e6
        ),
    }


def per_billion_rows(
    prices: Mapping[str, Any],
    measured: Measured,
    deployed: Deployed,
    *,
    rows_a_file: float = ROWS_A_FILE,
    row_bytes: float = ROW_BYTES,
) -> Items:
    """Files dropped into the bucket; those over BigFileBytes are scored in shards, by the state machine."""
    files, size = 1e9 / rows_a_file, rows_a_file * row_bytes
    ms = rows_a_file / measured.rows_per_second * 1000
    reading = call(prices, measured.collect_ms, deployed.monitor_mb, deployed.architecture)
    if not big_files.shards(deployed, size):
        batch = call(prices, ms, deployed.batch_mb, deployed.architecture)
        s3 = prices["s3"]
        requests = (FILE_WRITES * s3["million_writes"] + FILE_READS * s3["million_reads"]) / 1e6
        machine = 0.0
    else:
        batch = big_files.lambda_dollars(prices, deployed, size, ms)
        requests = big_files.request_dollars(prices, deployed, size)
        machine = big_files.machine_dollars(prices, deployed, size, ms)
    return {
        "batch": files * batch,
        "state machine": files * machine,
        "monitor, reading the manifests": files * reading,
        "S3 requests": files * requests,
        "queue": files * FILE_MESSAGES * prices["sqs"]["million_requests"] / 1e6,
    }


def per_idle_month(prices: Mapping[str, Any], measured: Measured, deployed: Deployed) -> Items:
    """Nobody calls and nothing is dropped; one model is published and drift is evaluated every hour."""
    return {
        "alarms": deployed.alarm_metrics * prices["cloudwatch"]["alarm_metric_month"],
        "metrics of the evaluations": IDLE_METRICS * prices["cloudwatch"]["custom_metric_month"],
        "metrics of the search for lost files": RECONCILE_METRICS * prices["cloudwatch"]["custom_metric_month"],
        "evaluations": EVALUATIONS * call(prices, measured.evaluate_ms, deployed.monitor_mb, deployed.architecture),
        "asking the empty queue": deployed.polled_queues * POLLS_A_MONTH * prices["sqs"]["million_requests"] / 1e6,
    }


def per_month_in_use(prices: Mapping[str, Any], *, requests: bool, rows: bool) -> Items:
    """What one model's traffic of either kind adds to a month, however little of it there is in each hour."""
    price = prices["cloudwatch"]["custom_metric_month"]
    return {
        "metrics of the requests": REQUEST_METRICS * price * requests,
        "metrics of the files": FILE_METRICS * price * rows,
    }


def sagemaker_serverless(prices: Mapping[str, Any], measured: Measured, deployed: Deployed) -> float:
    """A million requests there, if its container answered as fast as predict does."""
    price, gb = prices["sagemaker_serverless"], math.ceil(deployed.predict_mb / 1024)
    seconds = math.ceil(measured.predict_ms) / 1000
    return 1e6 * (seconds * gb * float(price["gb_second"]) + BODY_BYTES / 1e9 * float(price["gb_processed"]))


def always_on_month(prices: Mapping[str, Any]) -> float:
    """One instance, whether or not anybody calls."""
    return HOURS * float(prices["always_on"]["hour"])
