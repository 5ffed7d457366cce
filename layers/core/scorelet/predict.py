"""The one path from an encoded matrix to answers. API, batch, golden replay and training's parity table all call it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelet.model import TfliteModel
from scorelet.signature import Signature


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers to n rows.

    `outputs` float32 [n, classes] are the class probabilities (binary: of both classes, adding up to 1), or
    float32 [n, 1] the value of a regression. `label` int64 [n] is the predicted class's index (0 for a regression).
    `score` float32 [n] is the predicted class's probability; binary: that of the positive class; regression: the value.
    """

    outputs: NDArray[np.float32]
    label: NDArray[np.int64]
    score: NDArray[np.float32]


# Rows per call of the interpreter. The cut is always the same, so a row's answer does not depend on its neighbours.
CHUNK_ROWS = 4096


def predict(signature: Signature, model: TfliteModel, matrix: NDArray[np.float32]) -> Predictions:
    """Answer n encoded rows, float32 [n, features]."""
    starts = range(0, max(len(matrix), 1), CHUNK_ROWS)
    raw = np.concatenate([model.run(matrix[start : start + CHUNK_ROWS]) for start in starts])
    return interpret(signature, raw)


def interpret(signature: Signature, raw: NDArray[np.float32]) -> Predictions:
    """Give the model's outputs, float32 [n, outputs], their meaning. A binary model has one output: P(positive)."""
    if signature.task == "regression":
        return Predictions(raw, np.zeros(len(raw), dtype=np.int64), raw[:, 0])
    if signature.task == "binary":
        positive = raw[:, 0]
        label = (positive >= np.float32(signature.threshold or 0.5)).astype(np.int64)
        return Predictions(np.stack([1 - positive, positive], axis=1), label, positive)
    label = raw.argmax(axis=1)
    return Predictions(raw, label, raw[np.arange(len(raw)), label])
