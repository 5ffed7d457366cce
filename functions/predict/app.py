"""predict: one HTTP request in, one answer out, one compact line for monitoring in the log.

Nothing here imports boto3 or pydantic: cold starts are this function's first promise (docs/decisions/cold-start.md).
"""

import os
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

from scorelet import api
from scorelet.aws_s3_light import LightS3, tls
from scorelet.errors import ScoreletError
from scorelet.events.http import HttpReply, HttpRequest, http_request
from scorelet.faults import describe_fault
from scorelet.metrics import publish
from scorelet.model import runtime
from scorelet.record import prediction_lines
from scorelet.serving import Models, OnRefused
from scorelet.settings import PredictSettings
from scorelet.shadow import shadow_line


@cache  # its import takes 45 ms, which only an execution environment that has something to log shall pay
def _logger() -> Any:
    from aws_lambda_powertools import Logger

    return Logger()


@cache
def _settings() -> PredictSettings:
    return PredictSettings.from_env(os.environ)


@cache
def _options() -> api.Options:
    settings = _settings()
    return api.Options(
        settings.max_body_bytes,
        settings.default_model,
        opaque=settings.error_detail == "opaque",
        explain_seconds=settings.explain_budget_ms / 1000,
    )


@cache  # holds the loaded models for as long as the execution environment lives
def _models() -> Models:
    return _registry(_report_refused)


@cache
def _rehearsed_models() -> Models:
    return _registry(_log_refused)


def _registry(on_refused: OnRefused) -> Models:
    settings = _settings()
    return Models(
        LightS3(),
        settings.model_bucket,
        alias=settings.model_alias,
        ttl_seconds=settings.alias_ttl_seconds,
        public_key=settings.public_key,
        most_bytes=settings.model_memory_mb * 1024 * 1024,
        on_refused=on_refused,
    )


def _log_refused(name: str, version: int, error: Exception) -> None:
    _logger().error("model refused", extra={"model": name, "version": version, "reason": str(error)})


def _report_refused(name: str, version: int, error: Exception) -> None:
    _log_refused(name, version, error)
    publish({"ModelRefused": 1}, time_ms=int(time.time() * 1000), model=name)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API (2.0) or REST API (1.0) event."""
    started = time.perf_counter()
    try:
        request = http_request(event)
    except ScoreletError as error:
        return api.error_reply(error, context.aws_request_id).to_event()
    except Exception as error:  # noqa: BLE001 - an event such as no gateway sends is no reason to crash either
        return _fault("fault", context.aws_request_id, error).reply.to_event()
    answered = _respond(request)
    if not request.rehearsal:  # it counts nowhere: not as traffic, and not as an alarm that could move a model back
        _report(request, answered, latency_ms=(time.perf_counter() - started) * 1000)
    return answered.reply.to_event()


def _respond(request: HttpRequest) -> api.Answered:
    try:
        models = _rehearsed_models() if request.rehearsal else _models()
        return api.respond(request, models, _options())
    except Exception as error:  # noqa: BLE001 - the boundary: a fault of ours is a 500 with an id, never a crash
        return _fault("fault", request.request_id, error)


def _fault(what: str, request_id: str, error: Exception) -> api.Answered:
    _logger().error(what, extra={"request_id": request_id, "fault": describe_fault(error)})
    return api.Answered(api.fault_reply(request_id))


def _report(request: HttpRequest, answered: api.Answered, latency_ms: float) -> None:
    """The request's metrics, and the lines for monitoring. The answer is ready: no fault here may cost it."""
    rows = 0 if answered.predictions is None else len(answered.predictions.label)
    values = {"Requests": 1.0, "RowsScored": rows, "LatencyMs": latency_ms, **_failure(answered.reply)}
    publish(values, time_ms=request.time_ms, model=answered.model)
    try:
        for line in _lines(request, answered):
            print(line)
    except Exception as error:  # noqa: BLE001 - see above
        _fault("fault after the answer", request.request_id, error)


def _lines(request: HttpRequest, answered: api.Answered) -> Iterator[str]:
    """One line per answer, and one for the version that answers beside, if there is one."""
    package, encoded, predictions = answered.package, answered.encoded, answered.predictions
    if package is None or encoded is None or predictions is None:
        return
    yield from prediction_lines(package, encoded, predictions, request.request_id, request.time_ms)
    if answered.shadow is not None:
        yield shadow_line(package, predictions, encoded, answered.shadow, request.request_id, request.time_ms)


def _failure(reply: HttpReply) -> dict[str, float]:
    return {"InvalidRequests": float(400 <= reply.status < 500), "Faults": float(reply.status >= 500)}


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # Lambda's init phase has a full CPU: what costs most belongs here
    runtime()
    tls()
