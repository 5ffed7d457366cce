"""Answers in Scorelet's words: label, score and the full distribution, or the value of a regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.api.score import Answer
from scorelet.shortest import shortest


def describe(answer: Answer) -> list[dict[str, Any]]:
    """One object per answered row, with its explanation where one was asked for."""
    rows = _answers(answer)
    if not answer.explanations:
        return rows
    return [{**row, "explanation": why} for row, why in zip(rows, _reasons(answer), strict=True)]


def _reasons(answer: Answer) -> list[dict[str, Any]]:
    """`base` and `values` add up to the score of the predicted class, or to the value of a regression."""
    names = answer.package.signature.names
    found = []
    for why in answer.explanations:
        reason: dict[str, Any] = {"base": why.base, "values": dict(zip(names, why.values.tolist(), strict=True))}
        if why.errors is not None:
            reason["standard_errors"] = dict(zip(names, why.errors.tolist(), strict=True))
        found.append({**reason, "exact": why.errors is None})
    return found


def _answers(answer: Answer) -> list[dict[str, Any]]:
    labels = answer.package.signature.labels
    predictions = answer.predictions
    outputs = _rows(predictions.outputs)
    if not labels:
        return [{"value": row[0]} for row in outputs]
    rows = zip(predictions.label.tolist(), _scores(answer, outputs), outputs, strict=True)
    return [
        {"label": labels[label], "score": score, "probabilities": dict(zip(labels, row, strict=True))}
        for label, score, row in rows
    ]


def _scores(answer: Answer, outputs: list[list[float]]) -> list[float]:
    """Every row's score, which is one of its probabilities."""
    if answer.package.signature.task == "binary":
        return [row[1] for row in outputs]
    return [row[label] for label, row in zip(answer.predictions.label.tolist(), outputs, strict=True)]


def columns(answer: Answer) -> dict[str, list[Any]]:
    """The same answers by output: one list per name, one item per answered row."""
    found = _outputs(answer)
    return {**found, "explanation": _reasons(answer)} if answer.explanations else found


def _outputs(answer: Answer) -> dict[str, list[Any]]:
    labels = answer.package.signature.labels
    predictions = answer.predictions
    outputs = _rows(predictions.outputs)
    if not labels:
        return {"value": [row[0] for row in outputs]}
    return {
        "label": [labels[index] for index in predictions.label.tolist()],
        "score": _scores(answer, outputs),
        "probabilities": outputs,
    }


def _rows(outputs: NDArray[np.float32]) -> list[list[float]]:
    flat, width = shortest(outputs.ravel()), outputs.shape[1]
    return [flat[start : start + width] for start in range(0, len(flat), width)]
