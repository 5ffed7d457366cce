"""The scored file's columns, and the counts of the scored rows for monitoring."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.features import Encoded
from scorelet.package import ModelPackage
from scorelet.predict import Predictions
from scorelet.ragged import Ragged
from scorelet.record import row_bins
from scorelet.signature import Signature
from scorelet.sketch import LABEL, SCORE, Sketch
from scorelet.table import Header, TextEngine

PREFIX = "scorelet_"


def answer_names(signature: Signature, taken: Sequence[str]) -> list[str]:
    """The names of our columns; one that the file has already gets the prefix `scorelet_`, as often as it takes."""
    if signature.task == "regression":
        ours = ["prediction"]
    else:
        ours = ["prediction", "score", *(f"probability_{label}" for label in signature.labels)]
    used, names = set(taken), []
    for name in ours:
        while name in used:
            name = PREFIX + name  # noqa: PLW2901 - the name grows until it is free
        used.add(name)
        names.append(name)
    return names


def scored_header(header: Header, signature: Signature) -> bytes:
    """The header as it came, with our names behind it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(answer_names(signature, header.names))
    return header.raw + b"," + line.getvalue().encode()


def answer_texts(engine: TextEngine, signature: Signature, predictions: Predictions) -> Ragged:
    """Our columns of every scored row, as `,<text>\\n`."""
    if signature.task == "regression":
        return engine.write([("prediction", predictions.score)], {})
    columns: list[tuple[str, NDArray[Any]]] = [("prediction", predictions.label), ("score", predictions.score)]
    for index in range(len(signature.labels)):
        columns.append((f"p{index}", np.ascontiguousarray(predictions.outputs[:, index])))
    return engine.write(columns, {"prediction": signature.labels})


def sketch_of(package: ModelPackage, encoded: Encoded, predictions: Predictions) -> Sketch:
    """How many scored rows fell into each of the baseline's bins: features, score and label."""
    bins = package.manifest.baseline.bins
    found = row_bins(package, encoded)
    sketch = {name: bins[name].count(found[:, i]) for i, name in enumerate(package.signature.names)}
    never_null = np.zeros(len(predictions.score), dtype=np.bool_)
    for name, values in ((SCORE, predictions.score), (LABEL, predictions.label.astype(np.float32))):
        if name in bins:
            sketch[name] = bins[name].count(bins[name].index(values, never_null))
    return sketch
