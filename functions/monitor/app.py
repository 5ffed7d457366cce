"""monitor: log lines and batch manifests in, Parquet out; on schedule, each live model's window is judged.

Whatever fails raises, so that the caller's retries and dead-letter queue do their work.
"""

import os
from datetime import datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from scorelet.aws_s3 import S3Store
from scorelet.collect import collect_log, collect_manifest
from scorelet.drift import DriftRules
from scorelet.errors import ModelNotFound, ScoreletError
from scorelet.events.logs import is_log_delivery, log_batch
from scorelet.events.s3 import S3Object, s3_objects
from scorelet.events.schedule import is_schedule, scheduled_time
from scorelet.instants import epoch_ms
from scorelet.metrics import publish
from scorelet.monitor import evaluate, read_live
from scorelet.registry import Registry
from scorelet.settings import MonitorSettings

logger = Logger()


@cache
def _settings() -> MonitorSettings:
    return MonitorSettings.from_env(os.environ)


@cache
def _store() -> S3Store:
    return S3Store()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Collect or evaluate, as the event's shape says."""
    if is_log_delivery(event):
        return {"collected": collect_log(log_batch(event), _store(), _settings().data_bucket)}
    if is_schedule(event):
        return {"evaluated": _evaluate_all(scheduled_time(event))}
    return {"collected": [key for written in s3_objects(event) if (key := _collect_manifest(written))]}


def _collect_manifest(written: S3Object) -> str | None:
    body = _store().get(written.bucket, written.key).body  # written once, so its version need not be named
    return collect_manifest(body, _store(), _settings().data_bucket)


def _evaluate_all(now: datetime) -> list[str]:
    """Judge every model; one that fails does not keep the others from it, but the call fails in the end."""
    names, failures = Registry(_store(), _settings().model_bucket).names(), []
    for name in names:
        try:
            _evaluate(name, now)
        except ModelNotFound as error:
            logger.info("not evaluated", extra={"model": name, "reason": str(error)})  # published, not promoted yet
        except ScoreletError as error:
            logger.error("evaluation failed", extra={"model": name, "reason": str(error)})
            failures.append(error)
    if failures:
        raise failures[0]
    return names


def _evaluate(name: str, now: datetime) -> None:
    settings = _settings()
    live = read_live(_store(), settings.model_bucket, name, settings.model_alias, settings.public_key)
    rules = DriftRules(min_effect=settings.min_effect, min_rows=settings.min_rows, alpha=settings.alpha)
    found = evaluate(live, now, settings.window_hours, rules, _store(), settings.data_bucket)
    publish(found.metrics(), time_ms=epoch_ms(now), model=name)
    told = {"model": name, "version": found.version, "rows": found.rows, "drifted": found.drifted}
    logger.info("evaluated", extra=told)
