"""The scored file's columns, and the counts of the scored rows for monitoring."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelet.features import Encoded
from scorelet.package import ModelPackage
from scorelet.predict import Predictions
from scorelet.record import row_bins
from scorelet.signature import Signature
from scorelet.sketch import LABEL, SCORE, Sketch
from scorelet.table import Header, Labels, Stretch, answer_texts
from scorelet.texts import Texts

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


def texts_of(signature: Signature, predictions: Predictions) -> list[Texts]:
    """Our columns of every scored row, each as `,<text>`."""
    columns = [np.ascontiguousarray(column) for column in predictions.outputs.T]
    if signature.task == "regression":
        return answer_texts(columns, score=None, labels=None)
    # The score is a copy of a probability, so its text is too.
    score = 1 if signature.task == "binary" else None
    return answer_texts(columns, score=score, labels=Labels(predictions.label, signature.labels))


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model says of a stretch: `rows` int64 [k] are the records that are scored, `predictions` their answers.

    `mute` int64 are the records that the model had no finite answer for. `sketch` counts the scored rows by bin.
    """

    encoded: Encoded
    rows: NDArray[np.int64]
    predictions: Predictions
    mute: NDArray[np.int64]
    sketch: Sketch


def answer(package: ModelPackage, stretch: Stretch) -> Answers:
    """Answer the sound records of a stretch."""
    encoded, predictions = package.answer(stretch.columns)
    rows, bins = stretch.sound[encoded.valid], row_bins(package, encoded)
    if np.isfinite(predictions.outputs).all():
        return Answers(encoded, rows, predictions, rows[:0], _sketch(package, bins, predictions))
    finite = np.isfinite(predictions.outputs).all(axis=1)
    kept = Predictions(predictions.outputs[finite], predictions.label[finite], predictions.score[finite])
    return Answers(encoded, rows[finite], kept, rows[~finite], _sketch(package, bins[finite], kept))


def _sketch(package: ModelPackage, rows: NDArray[np.int64], predictions: Predictions) -> Sketch:
    bins = package.manifest.baseline.bins
    sketch = {name: bins[name].count(rows[:, i]) for i, name in enumerate(package.signature.names)}
    never_null = np.zeros(len(rows), dtype=np.bool_)
    for name, values in ((SCORE, predictions.score), (LABEL, predictions.label.astype(np.float32))):
        if name in bins:
            sketch[name] = bins[name].count(bins[name].index(values, never_null))
    return sketch
