"""Our columns of the scored file, and the counts of the scored rows for monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelet.features import Encoded
from scorelet.number_texts import number_texts, probability_texts
from scorelet.package import ModelPackage
from scorelet.predict import Predictions
from scorelet.record import row_bins
from scorelet.signature import Signature
from scorelet.sketch import LABEL, SCORE, Sketch
from scorelet.text_engine import Stretch
from scorelet.texts import Texts, rows_of

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


def answer_texts(
    signature: Signature, predictions: Predictions, labels: Sequence[bytes], delimiter: str = ","
) -> list[Texts]:
    """Our columns of every scored row, each with a delimiter before it.

    Every number is the shortest text that reads back as the same float32. `labels` are the texts of the classes.
    """
    outputs, n = predictions.outputs, len(predictions.outputs)
    flat = np.ascontiguousarray(outputs.T).ravel()
    numbers = number_texts(flat) if signature.task == "regression" else probability_texts(flat)
    if delimiter != ",":
        numbers.data[numbers.start] = ord(delimiter)
    columns = [rows_of(numbers, slice(i * n, (i + 1) * n)) for i in range(outputs.shape[1])]
    if signature.task == "regression":
        return columns
    # The score is a copy of a probability, so its text is too.
    best = columns[1] if signature.task == "binary" else rows_of(numbers, predictions.label * n + np.arange(n))
    return [Texts.chosen(labels, predictions.label), best, *columns]


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
