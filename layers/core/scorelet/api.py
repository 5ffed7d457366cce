"""The HTTP API of one model server: paths as in TensorFlow Serving, errors that name the field and the remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scorelet.errors import (
    BadRequest,
    BodyTooLarge,
    InvalidRecords,
    MethodNotAllowed,
    ModelNotFound,
    NotFound,
    PackageRefused,
    ScoreletError,
)
from scorelet.events.http import HttpReply, HttpRequest
from scorelet.features import Encoded, Problem, columns_from_records
from scorelet.package import ModelPackage
from scorelet.predict import Predictions
from scorelet.serving import Models

MOST_PROBLEMS = 100


# The one table from errors to HTTP. The most specific class stands first.
HTTP_STATUS: tuple[tuple[type[ScoreletError], int], ...] = (
    (InvalidRecords, 400),
    (BadRequest, 400),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (BodyTooLarge, 413),
    (PackageRefused, 503),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply and, where a model answered, what monitoring keeps of it."""

    reply: HttpReply
    model: str | None = None
    package: ModelPackage | None = None
    encoded: Encoded | None = None
    predictions: Predictions | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """What a path asks for."""

    model: str
    version: int | None
    alias: str | None
    verb: str | None


_PATH = re.compile(
    r"/v1/models/(?P<model>[^/:]+)(?:/versions/(?P<version>\d{1,18})|/labels/(?P<alias>[^/:]+))?(?::(?P<verb>\w+))?"
)


def respond(request: HttpRequest, models: Models, *, max_body_bytes: int) -> Answered:
    """Answer a request. Errors raised on purpose become replies; anything else is a fault and is raised."""
    model = None
    try:
        if request.path == "/ping":
            return Answered(HttpReply(200, {"status": "ok"}))
        route = _route(request)
        model = route.model
        if route.verb is None:
            return Answered(_status(route, models, request), model)
        return _predict(route, models, request, max_body_bytes)
    except ScoreletError as error:
        return Answered(error_reply(error, request.request_id), model if not isinstance(error, NotFound) else None)


def _route(request: HttpRequest) -> Route:
    match = _PATH.fullmatch(request.path)
    if match is None or match["verb"] not in (None, "predict"):
        raise NotFound(f"there is nothing at {request.path[:200]}")
    if request.method != ("POST" if match["verb"] else "GET"):
        raise MethodNotAllowed(f"{request.method} does not go with {request.path[:200]}")
    return Route(match["model"], int(match["version"]) if match["version"] else None, match["alias"], match["verb"])


def _package(route: Route, models: Models, request: HttpRequest) -> ModelPackage:
    try:
        if route.version is not None:
            return models.version(route.model, route.version)
        return models.current(route.model, request.time_ms / 1000, route.alias)
    except ScoreletError as error:
        if error.code == "bad_contract":  # a name that no model can have
            raise ModelNotFound(str(error)) from error
        raise


def _status(route: Route, models: Models, request: HttpRequest) -> HttpReply:
    """The model's state in TensorFlow Serving's words."""
    package = _package(route, models, request)
    state = {
        "version": str(package.manifest.version),
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    return HttpReply(200, {"model_version_status": [state], "model_digest": package.digest})


def _predict(route: Route, models: Models, request: HttpRequest, max_body_bytes: int) -> Answered:
    if len(request.body) > max_body_bytes:
        raise BodyTooLarge(f"the body has {len(request.body)} bytes, {max_body_bytes} are accepted")
    records = _instances(request.body)
    package = _package(route, models, request)
    encoded, predictions = package.answer(columns_from_records(package.signature, records))
    _refuse_invalid(encoded, records)
    body = {
        "predictions": describe(package, predictions),
        "model": package.manifest.name,
        "model_version": package.manifest.version,
        "model_digest": package.digest,
        "prediction_id": request.request_id,
    }
    return Answered(HttpReply(200, body), package.manifest.name, package, encoded, predictions)


def _instances(body: bytes) -> list[Mapping[str, object]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON") from error
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list) or not instances:
        raise BadRequest('the body has no list "instances" with at least one record')
    for index, record in enumerate(instances):
        if not isinstance(record, dict):
            raise BadRequest(f"/instances/{index} is not an object of values by feature name")
    return instances


def _refuse_invalid(encoded: Encoded, records: Sequence[Mapping[str, object]]) -> None:
    known = set(encoded.signature.names)
    problems = [*encoded.problems(MOST_PROBLEMS), *_unknown_fields(known, records)]
    if problems:
        first, rows = problems[0], len({p.row for p in problems})
        more = f" ({len(problems) - 1} more in {rows} record(s))" if len(problems) > 1 else ""
        raise InvalidRecords(f"/instances/{first.row}/{first}{more}", tuple(problems[:MOST_PROBLEMS]))


def _unknown_fields(known: set[str], records: Sequence[Mapping[str, object]]) -> list[Problem]:
    expected = "only the model's features: " + ", ".join(sorted(known))
    return [
        Problem(row, name[:100], "unknown_field", expected, "the model has no such feature")
        for row, record in enumerate(records)
        if not known.issuperset(record)
        for name in record
        if name not in known
    ]


def describe(package: ModelPackage, predictions: Predictions) -> list[dict[str, Any]]:
    """One object per answered row: label, score and the full distribution, or the value of a regression."""
    labels = package.signature.labels
    outputs = [[shortest(x) for x in row] for row in predictions.outputs]
    if not labels:
        return [{"value": row[0]} for row in outputs]
    rows = zip(predictions.label.tolist(), predictions.score, outputs, strict=True)
    return [
        {
            "label": labels[label],
            "score": shortest(score),
            "probabilities": dict(zip(labels, row, strict=True)),
        }
        for label, score, row in rows
    ]


def shortest(value: np.float32) -> float:
    """The float whose text is the shortest that reads back as the same float32.

    >>> shortest(np.float32(0.1))
    0.1
    """
    return float(str(np.float32(value)))


def error_reply(error: ScoreletError, request_id: str) -> HttpReply:
    """The reply to an error raised on purpose. `error` is a sentence, as TensorFlow Serving's clients expect."""
    status = next((code for kind, code in HTTP_STATUS if isinstance(error, kind)), 500)
    body: dict[str, Any] = {
        "error": str(error),
        "code": error.code,
        "remedy": error.remedy,
        "request_id": request_id,
    }
    if isinstance(error, InvalidRecords):
        body["problems"] = [_problem(p) for p in error.problems if isinstance(p, Problem)]
    return HttpReply(status, body)


def _problem(problem: Problem) -> dict[str, str]:
    name = problem.feature.replace("~", "~0").replace("/", "~1")  # RFC 6901
    return {
        "pointer": f"/instances/{problem.row}/{name}",
        "feature": problem.feature,
        "code": problem.code,
        "reason": problem.reason,
        "expected": problem.expected,
    }


def fault_reply(request_id: str) -> HttpReply:
    """The reply to a bug or an outage of ours: it says nothing of the inside."""
    body = {
        "error": "the server could not answer",
        "code": "fault",
        "remedy": "Try again; if it stays, look up the request id in the function's log.",
        "request_id": request_id,
    }
    return HttpReply(500, body)
