"""TensorFlow Serving's REST API: status, metadata, :predict, :classify, :regress, in its shapes."""

from __future__ import annotations

from typing import Any

from scorelet.api.body import check_json_type
from scorelet.api.call import Answered, Call
from scorelet.api.describe import columns, describe
from scorelet.api.instances import rows_from_inputs, rows_from_instances
from scorelet.api.parameters import read_parameters
from scorelet.api.score import Answer, Rows, identity, refusal, score
from scorelet.document import parse_object
from scorelet.errors import BadRequest, NotFound
from scorelet.events.http import HttpReply
from scorelet.package import ModelPackage
from scorelet.signature import Signature

_DTYPES = {"float": "DT_FLOAT", "int": "DT_INT64", "bool": "DT_BOOL", "category": "DT_STRING"}


def status(call: Call) -> Answered:
    """The model's state."""
    package = call.package()
    state = {
        "version": str(package.manifest.version),
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    body = {"model_version_status": [state], "model_digest": package.digest}
    return Answered(HttpReply(200, body), package.manifest.name)


def metadata(call: Call) -> Answered:
    """The model's inputs and outputs; an opaque server has none to show."""
    if call.options.opaque:
        raise NotFound("there is nothing here")
    manifest = call.package().manifest
    signature = manifest.signature
    outputs = (
        ["label:DT_STRING", "score:DT_FLOAT", "probabilities:DT_FLOAT"] if signature.labels else ["value:DT_FLOAT"]
    )
    default = {
        "inputs": {f.name: _tensor(f.name, _DTYPES[f.type], -1) for f in signature.features},
        "outputs": {
            name: _tensor(name, dtype, *_shape(signature, name)) for name, dtype in (o.split(":") for o in outputs)
        },
        "method_name": "tensorflow/serving/predict",
    }
    body = {
        "model_spec": {"name": manifest.name, "signature_name": "", "version": str(manifest.version)},
        "metadata": {"signature_def": {"signature_def": {"serving_default": default}}},
    }
    return Answered(HttpReply(200, body), manifest.name)


def _shape(signature: Signature, output: str) -> list[int]:
    return [-1, len(signature.labels)] if output == "probabilities" else [-1]


def _tensor(name: str, dtype: str, *shape: int) -> dict[str, Any]:
    dim = [{"size": str(size), "name": ""} for size in shape]
    return {"dtype": dtype, "tensor_shape": {"dim": dim, "unknown_rank": False}, "name": f"{name}:0"}


def predict(call: Call) -> Answered:
    """Row `instances` give `predictions`, column `inputs` give `outputs`."""
    return _predict(call, explain=False)


def explain(call: Call) -> Answered:
    """The same reply, each answer with its Shapley values."""
    return _predict(call, explain=True)


def _predict(call: Call, *, explain: bool) -> Answered:
    document = _document(call)
    parameters = read_parameters(document.get("parameters"), explain=explain)
    package = call.package(entity=parameters.entity)
    plain = _plain_output(package.signature, document.get("signature_name"))
    answer = score(package, _rows(package.signature, document), parameters, call.options.explain_seconds)
    found = _by_row(answer, plain) if "instances" in document else _by_column(answer, plain)
    return _answered(call, answer, found)


def _document(call: Call) -> dict[str, Any]:
    check_json_type(call.request)
    return parse_object(call.content())


def _rows(signature: Signature, document: dict[str, Any]) -> Rows:
    if ("instances" in document) == ("inputs" in document):
        raise BadRequest('the body has neither a list "instances" nor "inputs", or has both')
    if "instances" in document:
        return rows_from_instances(signature, document["instances"], "instances")
    return rows_from_inputs(signature, document["inputs"])


def _plain_output(signature: Signature, name: object) -> str | None:
    """The output that is asked for as plain lists, without names."""
    plain = "probabilities" if signature.labels else "value"
    if name not in (None, "", "serving_default", plain):
        raise BadRequest(f'signature_name is neither "serving_default" nor "{plain}"')
    return plain if name == plain else None


def _by_row(answer: Answer, plain: str | None) -> dict[str, Any]:
    found = columns(answer)[plain] if plain else describe(answer)
    return {"predictions": answer.by_row(found, refusal)}


def _by_column(answer: Answer, plain: str | None) -> dict[str, Any]:
    found = {name: answer.by_row(values, lambda _: None) for name, values in columns(answer).items()}
    outputs: Any = found[plain] if plain else found
    errors = [{"row": row, **refusal(problems)} for row, problems in answer.problems.items()]
    return {"outputs": outputs, **({"errors": errors} if errors else {})}


def _answered(call: Call, answer: Answer, found: dict[str, Any]) -> Answered:
    package = answer.package
    reply = HttpReply(200, {**found, **identity(answer, call.request.request_id)})
    return Answered(reply, package.manifest.name, package, answer.encoded, answer.predictions)


def classify(call: Call) -> Answered:
    """For each example, every label with its probability."""
    package, answer = _examples(call, classes=True)
    labels = package.signature.labels
    found = [[[label, p] for label, p in zip(labels, row, strict=True)] for row in columns(answer)["probabilities"]]
    return _answered(call, answer, {"results": answer.by_row(found, refusal)})


def regress(call: Call) -> Answered:
    """For each example, the value."""
    _, answer = _examples(call, classes=False)
    return _answered(call, answer, {"results": answer.by_row(columns(answer)["value"], refusal)})


def _examples(call: Call, *, classes: bool) -> tuple[ModelPackage, Answer]:
    document = _document(call)
    parameters = read_parameters(document.get("parameters"))
    package = call.package(entity=parameters.entity)
    if bool(package.signature.labels) != classes:
        verbs = (":regress", ":classify") if classes else (":classify", ":regress")
        raise BadRequest(f"the model's task is {package.signature.task}", remedy=f"Ask {verbs[0]}, not {verbs[1]}.")
    context, examples = document.get("context", {}), document.get("examples")
    if not isinstance(context, dict):
        raise BadRequest('"context" is not an object of values by feature name')
    if not isinstance(examples, list) or not all(isinstance(example, dict) for example in examples):
        raise BadRequest('the body has no list "examples" of objects by feature name')
    rows = rows_from_instances(package.signature, [{**context, **example} for example in examples], "examples")
    return package, score(package, rows, parameters, call.options.explain_seconds)
