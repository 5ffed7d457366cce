"""GET /openapi.json: this server described from the live model's signature, with examples from its golden records."""

from __future__ import annotations

from typing import Any

from scorelet import __version__
from scorelet.api.call import Answered, Call
from scorelet.api.oip import DATATYPES
from scorelet.errors import NotFound
from scorelet.events.http import HttpReply
from scorelet.package import ModelPackage
from scorelet.signature import Feature

_ERRORS = {
    "400": "The request, or a record in it, does not fit: `problems` names each field.",
    "404": "There is no such model, version or alias.",
    "405": "The path exists, with another method.",
    "413": "The body, or the answer, is too large.",
    "415": "The body's type or encoding is not read here.",
    "503": "No verified package of the model could be loaded.",
}
_THROTTLED = "API Gateway throttles this client: wait, and try again."
_EXAMPLES = 3


def openapi(call: Call) -> Answered:
    """The description of the default model, or of `?model=`; an opaque server has none to show."""
    if call.options.opaque:
        raise NotFound("there is nothing here")
    package = call.package(model=call.request.query.get("model"))
    return Answered(HttpReply(200, document(package)), package.manifest.name)


def document(package: ModelPackage) -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    manifest = package.manifest
    name, records = manifest.name, [dict(record) for record in manifest.golden.records[:_EXAMPLES]]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{name}, version {manifest.version}",
            "version": __version__,
            "description": f"Task: {manifest.signature.task}. Target: {manifest.signature.target}. "
            f"Package {package.digest}, created {manifest.created}.",
        },
        "paths": _paths(package, records),
        "components": {"schemas": _schemas(package)},
    }


def _paths(package: ModelPackage, records: list[dict[str, Any]]) -> dict[str, Any]:
    model = f"/v1/models/{package.manifest.name}"
    rows = {"instances": records}
    verb = "classify" if package.signature.labels else "regress"
    return {
        f"{model}:predict": {"post": _post("predict", "Answer records", "PredictRequest", "PredictReply", rows)},
        f"{model}:{verb}": {
            "post": _post(
                verb, f"TensorFlow Serving's :{verb}", "ExamplesRequest", "ResultsReply", {"examples": records}
            )
        },
        model: {"get": _get("status", "Which version answers")},
        f"{model}/metadata": {"get": _get("metadata", "Inputs and outputs, as TensorFlow Serving says it")},
        f"/v2/models/{package.manifest.name}": {"get": _get("v2_metadata", "Inputs and outputs, as tensors")},
        f"/v2/models/{package.manifest.name}/infer": {
            "post": _post("infer", "Open Inference Protocol", "InferRequest", "InferReply", _tensors(package, records))
        },
        "/invocations": {"post": _post("invocations", "SageMaker", "InvocationsRequest", "PredictReply", records)},
        "/v2": {"get": _get("server", "What this server is")},
        "/v2/health/live": {"get": _get("live", "Alive")},
        "/v2/health/ready": {"get": _get("ready", "Ready to answer")},
        "/ping": {"get": _get("ping", "Alive, as SageMaker asks it")},
    }


def _get(operation: str, summary: str) -> dict[str, Any]:
    return {"operationId": operation, "summary": summary, "responses": {"200": _json({"type": "object"}), **_errors()}}


def _post(operation: str, summary: str, body: str, reply: str, example: Any) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "requestBody": {"required": True, **_json(_ref(body), example)},
        "responses": {"200": _json(_ref(reply)), **_errors()},
    }


def _json(schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    media = {"schema": schema} if example is None else {"schema": schema, "example": example}
    words = {} if example is not None else {"description": "The answer."}
    return {**words, "content": {"application/json": media}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _errors() -> dict[str, Any]:
    found = {code: {**_json(_ref("Error")), "description": words} for code, words in _ERRORS.items()}
    throttled = {"type": "object", "properties": {"message": {"type": "string"}}}
    return {**found, "429": {**_json(throttled), "description": _THROTTLED}}


def _tensors(package: ModelPackage, records: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "inputs": [
            {
                "name": f.name,
                "datatype": DATATYPES[f.type],
                "shape": [len(records)],
                "data": [r[f.name] for r in records],
            }
            for f in package.signature.features
        ]
    }


def _schemas(package: ModelPackage) -> dict[str, Any]:
    features = package.signature.features
    record = {
        "type": "object",
        "properties": {f.name: feature_schema(f) for f in features},
        "required": [f.name for f in features],
        "additionalProperties": False,
    }
    records = {"type": "array", "minItems": 1, "items": _ref("Record")}
    answers = {
        "type": "array",
        "items": {"anyOf": [_prediction(package), _object({"error": _TEXT, "problems": _LIST})]},
    }
    return {
        "Record": record,
        "PredictRequest": _object({"instances": records}, parameters=_PARAMETERS),
        "ExamplesRequest": _object({"examples": records}),
        "InvocationsRequest": records,
        "InferRequest": _object({"inputs": _tensors_schema(package)}),
        "PredictReply": _object({"predictions": answers}, **_IDENTITY),
        "ResultsReply": _object({"results": _LIST}, **_IDENTITY),
        "InferReply": _object({"model_name": _TEXT, "model_version": _TEXT, "outputs": _LIST}),
        "Error": _object({"error": _TEXT, "code": _TEXT}, remedy=_TEXT, request_id=_TEXT, problems=_LIST),
    }


_TEXT = {"type": "string"}
_LIST = {"type": "array"}
_PARAMETERS = {
    "type": ["object", "null"],
    "properties": {
        "on_error": {"enum": ["refuse", "row"], "description": "row: refuse bad rows one by one, answer the others"},
        "explain": {"type": "boolean", "description": "Shapley values with each answer"},
        "entity_id": {"type": ["string", "integer", "null"], "description": "keeps its version in a weighted split"},
    },
}
_IDENTITY = {"model": _TEXT, "model_version": {"type": "integer"}, "model_digest": _TEXT, "prediction_id": _TEXT}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _tensors_schema(package: ModelPackage) -> dict[str, Any]:
    tensor = _object({
        "name": {"enum": list(package.signature.names)},
        "datatype": {"enum": sorted(set(DATATYPES.values()))},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2},
        "data": {"type": "array"},
    })  # fmt: skip
    return {"type": "array", "items": tensor, "minItems": 1}


def _prediction(package: ModelPackage) -> dict[str, Any]:
    labels = list(package.signature.labels)
    number = {"type": "number"}
    if not labels:
        return _object({"value": number})
    shares = {"type": "object", "properties": dict.fromkeys(labels, number), "required": labels}
    return _object({"label": {"enum": labels}, "score": number, "probabilities": shares})


def feature_schema(feature: Feature) -> dict[str, Any]:
    """What a value of the feature must be, as JSON Schema.

    >>> feature_schema(Feature("member", "bool"))
    {'type': 'boolean', 'description': 'true or false'}
    """
    described = {"description": feature.expected()}
    null = ["null"] if feature.nullable else []
    if feature.type == "category":
        return {"enum": [*feature.categories, *([None] if null else [])], **described}
    if feature.type == "bool":
        return {"type": ["boolean", *null] if null else "boolean", **described}
    kind = "integer" if feature.type == "int" else "number"
    return {"type": [kind, *null] if null else kind, "minimum": feature.low, "maximum": feature.high, **described}
