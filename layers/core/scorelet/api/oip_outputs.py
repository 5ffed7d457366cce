"""Output tensors of the Open Inference Protocol: which are asked for, in which form, and their top classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.api.refuse import Located
from scorelet.api.score import Answer, refusal
from scorelet.api.tensors import to_bytes
from scorelet.errors import BadRequest
from scorelet.json_text import to_json


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor of the answer: `values` in row-major order, NaN where a row was refused."""

    name: str
    datatype: str
    shape: list[int]
    values: Sequence[Any] | NDArray[np.float32]
    labels: tuple[str, ...] = ()


def outputs_of(answer: Answer) -> dict[str, Output]:
    """All outputs by name; with rows that were refused, also `error`, a JSON text for each of them."""
    labels, n, predictions = answer.package.signature.labels, len(answer.encoded.valid), answer.predictions
    outputs = _in_place(answer, predictions.outputs)
    if labels:
        names = answer.by_row([labels[index] for index in predictions.label.tolist()], lambda _: "")
        found = {
            "label": Output("label", "BYTES", [n], names),
            "score": Output("score", "FP32", [n], _in_place(answer, predictions.score)),
            "probabilities": Output("probabilities", "FP32", [n, len(labels)], outputs.ravel(), labels),
        }
    else:
        found = {"value": Output("value", "FP32", [n], outputs.ravel())}
    if answer.explanations:
        found |= _explained(answer, n)
    if answer.problems:
        fine = [""] * len(predictions.label)
        found["error"] = Output("error", "BYTES", [n], answer.by_row(fine, _error))
    return found


def _in_place(answer: Answer, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """One entry per row that was sent, NaN where it was refused."""
    if not answer.problems:
        return np.ascontiguousarray(values)
    found = np.full((len(answer.encoded.valid), *values.shape[1:]), np.nan, dtype=np.float32)
    found[answer.encoded.valid] = values
    return found


def _explained(answer: Answer, n: int) -> dict[str, Output]:
    """Shapley values as tensors: `shapley_base` [n], `shapley_values` [n, features], and their standard errors."""
    width = len(answer.package.signature.names)
    bases = answer.by_row([why.base for why in answer.explanations], lambda _: math.nan)
    found = {"shapley_base": Output("shapley_base", "FP64", [n], bases)}
    for name in ("values", "errors"):
        parts = [getattr(why, name) for why in answer.explanations]
        if all(part is not None for part in parts):
            rows = answer.by_row([part.tolist() for part in parts], lambda _: [math.nan] * width)
            values = [x for row in rows for x in row]
            found[f"shapley_{name}"] = Output(f"shapley_{name}", "FP64", [n, width], values)
    return found


def _error(problems: Any) -> str:
    found: list[Located] = list(problems)
    return to_json(refusal(found))


def choose_outputs(document: dict[str, Any], found: dict[str, Output]) -> list[tuple[Output, bool]]:
    """The outputs asked for, each with whether it goes as binary data; all of them when none is named."""
    by_default = _flag(document.get("parameters"), "binary_data_output", False)
    asked = document.get("outputs") or [{"name": name} for name in found]
    if not isinstance(asked, list) or not all(isinstance(entry, dict) for entry in asked):
        raise BadRequest('"outputs" is not a list of objects')
    named = {entry.get("name"): entry for entry in asked if isinstance(entry.get("name"), str)}
    if len(named) != len(asked) or not named.keys() <= found.keys():
        raise BadRequest("outputs: name each of these at most once: " + ", ".join(found))
    if "error" in found:
        named.setdefault("error", {"name": "error"})
    chosen = []
    for name, entry in named.items():
        top = _top(entry.get("parameters"))
        output = _classified(found[name], top) if top is not None else found[name]
        chosen.append((output, _flag(entry.get("parameters"), "binary_data", by_default)))
    return chosen


def _flag(parameters: object, name: str, default: bool) -> bool:
    value = parameters.get(name, default) if isinstance(parameters, dict) else default
    if not isinstance(value, bool):
        raise BadRequest(f"the parameter {name} is neither true nor false")
    return value


def _top(parameters: object) -> int | None:
    top = parameters.get("classification") if isinstance(parameters, dict) else None
    if top is not None and (type(top) is not int or top < 0):
        raise BadRequest("the parameter classification is no number of classes")
    return top or None


def _classified(output: Output, top: int) -> Output:
    """The classification extension: the `top` classes of each row as `value:index:label`."""
    if not output.labels:
        raise BadRequest(f"output {output.name!r} has no classes", remedy="Ask it of the output probabilities.")
    width, top = len(output.labels), min(top, len(output.labels))
    texts = []
    for start in range(0, len(output.values), width):
        row = output.values[start : start + width]
        order = sorted(range(width), key=lambda index: -row[index])[:top]
        texts += ["" if math.isnan(row[index]) else f"{row[index]:f}:{index}:{output.labels[index]}" for index in order]
    return Output(output.name, "BYTES", [output.shape[0], top], texts)


def write_outputs(chosen: list[tuple[Output, bool]]) -> tuple[list[dict[str, Any]], bytes]:
    """The JSON entries, and the binary data behind them."""
    entries, tail = [], b""
    for output, as_binary in chosen:
        entry: dict[str, Any] = {"name": output.name, "datatype": output.datatype, "shape": output.shape}
        if as_binary:
            raw = to_bytes(output.datatype, output.values)
            entry["parameters"] = {"binary_data_size": len(raw)}
            tail += raw
        else:
            entry["data"] = output.values  # NaN, the place of a refused row, is null in JSON
        entries.append(entry)
    return entries, tail
