"""The prediction record: what `predict` says of an answer to monitoring, one line of JSON in its log.

It holds baseline bins instead of values, so a log holds no person's data. Log subscriptions find it by
`{ $.scorelet = "predictions" }`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scorelet.json_text import to_json

if TYPE_CHECKING:  # monitor parses lines without the model runtime
    from scorelet.features import Encoded
    from scorelet.package import ModelPackage
    from scorelet.predict import Predictions

MARK = "predictions"
FIELDS = ("id", "time", "model", "version", "digest", "labels", "scores", "bins")
# A line stays far below CloudWatch's 256 KB for one log event, at 4 to 5 characters per feature and row.
MOST_ROWS = 1000
MOST_CELLS = 40_000


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """One line: `rows` answers of one model version. `time_ms` is that of the request, `text` its fields as JSON."""

    id: str
    time_ms: int
    model: str
    version: int
    rows: int
    text: str


def prediction_lines(
    package: ModelPackage, encoded: Encoded, predictions: Predictions, prediction_id: str, time_ms: int
) -> list[str]:
    """The lines that record `predictions`, one entry per valid row of `encoded`, in order.

    One line has the prediction's id; of several, each has it with `-0`, `-1`, ... behind it.
    """
    bins = row_bins(package, encoded)
    step = max(1, min(MOST_ROWS, MOST_CELLS // max(1, bins.shape[1])))
    starts = range(0, len(bins), step)
    manifest = package.manifest
    labels, scores = np.ascontiguousarray(predictions.label), np.ascontiguousarray(predictions.score)
    lines = []
    for part, start in enumerate(starts):
        rows = slice(start, start + step)
        name = prediction_id if len(starts) == 1 else f"{prediction_id}-{part}"
        record = {
            "scorelet": MARK,
            "id": name,
            "time": time_ms,
            "model": manifest.name,
            "version": manifest.version,
            "digest": package.digest,
            "labels": labels[rows],
            "scores": scores[rows],
            "bins": bins[rows],
        }
        lines.append(to_json(record))
    return lines


def row_bins(package: ModelPackage, encoded: Encoded) -> NDArray[np.int64]:
    """The baseline bin of every cell of the valid rows: int64 [valid rows, features]."""
    matrix = encoded.scored
    null = encoded.imputed if len(matrix) == len(encoded.imputed) else encoded.imputed[encoded.valid]
    bins = package.manifest.baseline.bins
    columns = [bins[name].index(matrix[:, i], null[:, i]) for i, name in enumerate(package.signature.names)]
    return np.stack(columns, axis=1)


def parse_line(text: str) -> PredictionRecord | None:
    """The record in a log line, or None for any other line.

    A line that claims to be a record but is broken is None too: the log belongs to the function, and one bad line
    must not keep a day of good ones from being counted.
    """
    try:
        data = json.loads(text)
        if data["scorelet"] != MARK or not _is_whole(data):
            return None
        kept = {name: data[name] for name in FIELDS}
        return PredictionRecord(
            data["id"], data["time"], data["model"], data["version"], len(data["labels"]), json.dumps(kept)
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_whole(data: dict[str, Any]) -> bool:
    """Whether every field has its type and the three lists are equally long."""
    texts = all(isinstance(data[name], str) for name in ("id", "model", "digest"))
    numbers = all(_fits(n, 2**31) for n in (data["version"], *data["labels"])) and _fits(data["time"], 2**52)
    scores = all(isinstance(score, int | float) and math.isfinite(score) for score in data["scores"])
    bins = all(_fits(index, 2**15) for row in data["bins"] for index in row)
    equal = len(data["labels"]) == len(data["scores"]) == len(data["bins"])
    return texts and numbers and scores and bins and equal


def _fits(number: object, limit: int) -> bool:
    return type(number) is int and 0 <= number < limit  # a bool is an int, but not here
