"""SageMaker's container protocol: POST /invocations in CSV, JSON or JSON lines, answered in the type accepted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from scorelet.api.accept import choose
from scorelet.api.body import media_type
from scorelet.api.call import Answered, Call
from scorelet.api.describe import columns, describe
from scorelet.api.instances import rows_from_inputs, rows_from_instances, wrong_width
from scorelet.api.parameters import Parameters, read_parameters
from scorelet.api.refuse import pointer
from scorelet.api.score import Answer, Rows, identity, refusal, score
from scorelet.api.text_cells import column_from_text
from scorelet.document import parse_json
from scorelet.errors import BadRequest, NotAcceptable, UnsupportedMediaType
from scorelet.events.http import HttpReply
from scorelet.json_text import to_json
from scorelet.signature import Signature

CSV, JSON, LINES = "text/csv", "application/json", "application/jsonlines"
_ALIASES = {"application/x-jsonlines": LINES, "application/jsonl": LINES, "application/x-ndjson": LINES, "": JSON}
_TARGET, _ATTRIBUTES = "x-amzn-sagemaker-target-model", "x-amzn-sagemaker-custom-attributes"


def invocations(call: Call) -> Answered:
    """Answer the rows of the body."""
    kind, accepted = _kind(call), _accepted(call)
    attributes = _attributes(call.request.headers.get(_ATTRIBUTES, ""))
    body = call.content()
    package = call.package(model=_target(call) or attributes.get("model"), entity=attributes.get("entity_id"))
    parse: Callable[[Signature, bytes, str], tuple[Rows, Parameters]] = {CSV: _csv, LINES: _lines, JSON: _json}[kind]
    rows, parameters = parse(package.signature, body, call.request.headers.get("content-type", ""))
    if attributes.keys() & {"on_error", "explain"}:
        parameters = read_parameters({**attributes, "explain": attributes.get("explain") == "true"})
    if parameters.explain and (accepted or kind) == CSV:
        raise NotAcceptable("explanations do not fit into CSV", remedy="Accept application/json.")
    answer = score(package, rows, parameters, call.options.explain_seconds)
    write = {CSV: _as_csv, LINES: _as_lines, JSON: _as_json}[accepted or kind]
    return Answered(write(call, answer), package.manifest.name, package, answer.encoded, answer.predictions)


def _kind(call: Call) -> str:
    found = media_type(call.request.headers.get("content-type", ""))
    found = _ALIASES.get(found, found)
    if found not in (CSV, JSON, LINES):
        raise UnsupportedMediaType(f"the Content-Type is none of {CSV}, {JSON}, {LINES}")
    return found


def _accepted(call: Call) -> str | None:
    """The type to answer in; None leaves it to the type of the request. Raises NotAcceptable."""
    headers = call.request.headers
    return choose(headers.get("accept") or headers.get("x-amzn-sagemaker-accept", ""), (JSON, LINES, CSV), _ALIASES)


def _target(call: Call) -> str | None:
    """The model a multi-model client names, which is its archive's name there."""
    return call.request.headers.get(_TARGET, "").strip("/ ").removesuffix(".tar.gz") or None


def _attributes(text: str) -> Mapping[str, str]:
    """`model=iris,on_error=row` as a mapping."""
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _json(signature: Signature, body: bytes, _type: str) -> tuple[Rows, Parameters]:
    """A list of records, one record, or a body as for :predict."""
    document = parse_json(body)
    if isinstance(document, dict):
        parameters = read_parameters(document.get("parameters"))
        if "instances" in document:
            return rows_from_instances(signature, document["instances"], "instances"), parameters
        if "inputs" in document and "inputs" not in signature.name_set:
            return rows_from_inputs(signature, document["inputs"]), parameters
        return rows_from_instances(signature, [document]), Parameters()
    return rows_from_instances(signature, document), Parameters()


def _lines(signature: Signature, body: bytes, _type: str) -> tuple[Rows, Parameters]:
    """One record a line."""
    lines = [line for line in body.splitlines() if line.strip()]
    return rows_from_instances(signature, [parse_json(line) for line in lines]), Parameters()


def _csv(signature: Signature, body: bytes, content_type: str) -> tuple[Rows, Parameters]:
    """Comma separated rows; a first row that holds the features' names, in any order, is a header."""
    records = _records(body)
    names = list(signature.names)
    if "header=present" in content_type.replace(" ", "").lower() or set(records[0]) >= signature.name_set:
        names = records.pop(0)
        if set(names) != signature.name_set or len(names) != len(signature.names):
            raise BadRequest("the header does not name each of the model's features once, and nothing else")
    if not records:
        raise BadRequest("the body has no row of values")
    extra = [wrong_width(signature, row) for row, record in enumerate(records) if len(record) != len(names)]
    padded = [record if len(record) == len(names) else [""] * len(names) for record in records]
    texts = dict(zip(names, zip(*padded, strict=True), strict=True))
    columns = {f.name: column_from_text(f, texts[f.name]) for f in signature.features}
    return Rows(columns, lambda p: pointer(p.row, *([p.feature] if p.feature else [])), extra), Parameters()


def _records(body: bytes) -> list[list[str]]:
    try:
        text = body.decode("utf-8-sig")
        records = [record for record in csv.reader(io.StringIO(text, newline=""), strict=True) if record]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRequest("the body is not CSV in UTF-8", remedy="Quote fields as RFC 4180 says.") from error
    if not records:
        raise BadRequest("the body has no row of values")
    return records


def _as_json(call: Call, answer: Answer) -> HttpReply:
    found = {"predictions": answer.by_row(describe(answer), refusal), **identity(answer, call.request.request_id)}
    return HttpReply(200, found, _headers(call, answer, JSON))


def _as_lines(call: Call, answer: Answer) -> HttpReply:
    lines = [to_json(line) + "\n" for line in answer.by_row(describe(answer), refusal)]
    return HttpReply(200, "".join(lines), _headers(call, answer, LINES))


def _as_csv(call: Call, answer: Answer) -> HttpReply:
    """Without a header: the value; or label, score and the probability of each label in the signature's order."""
    found = columns(answer)
    fields: list[list[Any]] = [[value] for value in found["value"]] if "value" in found else [
        [label, score_, *row] for label, score_, row in zip(*found.values(), strict=True)
    ]  # fmt: skip
    width = 1 if "value" in found else 2 + len(answer.package.signature.labels)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(answer.by_row(fields, lambda _: [""] * width))
    return HttpReply(200, out.getvalue(), _headers(call, answer, CSV))


def _headers(call: Call, answer: Answer, kind: str) -> dict[str, str]:
    """Text answers have no room for the model's identity: the headers carry it."""
    manifest = answer.package.manifest
    return {
        "content-type": kind,
        "x-scorelet-model": f"{manifest.name}/{manifest.version}",
        "x-scorelet-digest": answer.package.digest,
        "x-scorelet-prediction-id": call.request.request_id,
        "x-amzn-invoked-production-variant": f"version-{manifest.version}",
    }
