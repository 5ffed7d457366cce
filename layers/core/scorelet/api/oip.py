"""The Open Inference Protocol, version 2, over HTTP: health, metadata and inference."""

from __future__ import annotations

from typing import Any

from scorelet import __version__
from scorelet.api.body import check_json_type
from scorelet.api.call import Answered, Call
from scorelet.api.oip_outputs import Output, choose_outputs, outputs_of, write_outputs
from scorelet.api.parameters import read_parameters
from scorelet.api.score import Answer, score
from scorelet.api.tensor_rows import rows_from_tensors
from scorelet.api.tensors import read_tensors
from scorelet.document import parse_object
from scorelet.errors import BadRequest, NotFound
from scorelet.events.http import HttpReply
from scorelet.json_text import to_json
from scorelet.signature import Signature

DATATYPES = {"float": "FP32", "int": "INT64", "bool": "BOOL", "category": "BYTES"}
BINARY_HEADER = "inference-header-content-length"


def server(_call: Call) -> Answered:
    """What this server is."""
    extensions = ["classification", "binary_tensor_data", "parameters"]
    return Answered(HttpReply(200, {"name": "scorelet", "version": __version__, "extensions": extensions}))


def live(_call: Call) -> Answered:
    """Alive."""
    return Answered(HttpReply(200, {"live": True}))


def server_ready(call: Call) -> Answered:
    """Ready when the default model, if there is one, is loaded and verified."""
    if call.options.default_model:
        call.package()
    return Answered(HttpReply(200, {"ready": True}))


def model_ready(call: Call) -> Answered:
    """Ready when the model is loaded and verified."""
    name = call.package().manifest.name
    return Answered(HttpReply(200, {"name": name, "ready": True}), name)


def metadata(call: Call) -> Answered:
    """The model's inputs and outputs; an opaque server has none to show."""
    if call.options.opaque:
        raise NotFound("there is nothing here")
    manifest = call.package().manifest
    signature = manifest.signature
    body = {
        "name": manifest.name,
        "versions": [str(manifest.version)],
        "platform": "scorelet_tflite",
        "inputs": [{"name": f.name, "datatype": DATATYPES[f.type], "shape": [-1]} for f in signature.features],
        "outputs": _output_metadata(signature),
    }
    return Answered(HttpReply(200, body), manifest.name)


def _output_metadata(signature: Signature) -> list[dict[str, Any]]:
    if not signature.labels:
        return [{"name": "value", "datatype": "FP32", "shape": [-1]}]
    return [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "score", "datatype": "FP32", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(signature.labels)]},
    ]


def infer(call: Call) -> Answered:
    """Answer tensors with tensors, as JSON or with binary data behind it, as the caller asks."""
    check_json_type(call.request, also=("application/octet-stream", "application/vnd.sagemaker-triton.binary+json"))
    header, tail = _split(call)
    document = parse_object(header)
    id_ = document.get("id", "")
    if not isinstance(id_, str):
        raise BadRequest("id is not text")
    tensors = read_tensors(document.get("inputs"), tail)
    parameters = read_parameters(document.get("parameters"))
    package = call.package(entity=parameters.entity)
    rows = rows_from_tensors(package.signature, tensors)
    answer = score(package, rows, parameters, call.options.explain_seconds)
    chosen = choose_outputs(document, outputs_of(answer))
    return Answered(
        _reply(call, answer, id_, chosen), package.manifest.name, package, answer.encoded, answer.predictions
    )


def _split(call: Call) -> tuple[bytes, bytes]:
    """The JSON part of the body, and the binary data behind it."""
    body, length = call.content(), call.request.headers.get(BINARY_HEADER)
    if length is None:
        return body, b""
    if not (length.isascii() and length.isdecimal() and len(length) < 10) or int(length) > len(body):
        raise BadRequest("Inference-Header-Content-Length is no length within the body")
    return body[: int(length)], body[int(length) :]


def _reply(call: Call, answer: Answer, id_: str, chosen: list[tuple[Output, bool]]) -> HttpReply:
    manifest = answer.package.manifest
    outputs, binary = write_outputs(chosen)
    head = {
        "model_name": manifest.name,
        "model_version": str(manifest.version),
        **({"id": id_} if id_ else {}),
        "parameters": {"model_digest": answer.package.digest, "prediction_id": call.request.request_id},
        "outputs": outputs,
    }
    if not any(as_binary for _, as_binary in chosen):
        return HttpReply(200, head)
    text = to_json(head).encode()
    headers = {"content-type": "application/octet-stream", "Inference-Header-Content-Length": str(len(text))}
    return HttpReply(200, text + binary, headers)
