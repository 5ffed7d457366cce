"""A shadow version's answers: worked out when the caller's answer is ready, compared with it, and only logged."""

from __future__ import annotations

import numpy as np

from scorelet.features import Encoded
from scorelet.json_text import to_json
from scorelet.package import ModelPackage
from scorelet.predict import Predictions
from scorelet.record import MOST_ROWS

MARK = "shadow"


def shadow_line(
    live: ModelPackage, answers: Predictions, encoded: Encoded, shadow: ModelPackage, prediction_id: str, time_ms: int
) -> str:
    """One line of JSON about at most `MOST_ROWS` rows: the shadow's labels and scores, and how far both agree.

    Its mark differs from that of the answers that were given, so monitoring never counts it. A shadow with another
    signature cannot read the same rows; the line says so.
    """
    head = {
        "scorelet": MARK,
        "id": prediction_id,
        "time": time_ms,
        "model": live.manifest.name,
        "version": shadow.manifest.version,
        "digest": shadow.digest,
        "live_version": live.manifest.version,
    }
    if shadow.signature != live.signature:
        return to_json({**head, "skipped": "its signature is another one"})
    found = shadow.predict(encoded)
    compared = {
        "rows": len(found.label),
        "agreed": int((found.label == answers.label).sum()),
        "largest_difference": float(np.abs(found.outputs - answers.outputs).max(initial=0.0)),
        "labels": found.label[:MOST_ROWS].tolist(),
        "scores": found.score[:MOST_ROWS].tolist(),
    }
    return to_json({**head, **compared})
