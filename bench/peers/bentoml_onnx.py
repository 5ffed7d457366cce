"""BentoML with onnxruntime: one service with one API."""

from __future__ import annotations

from typing import Any

import bentoml
import numpy as np

from bench.peers.onnx_net import NAMES, answers, session


@bentoml.service(workers=1)
class Iris:
    """Flowers in, answers out."""

    def __init__(self) -> None:
        self._session = session()

    @bentoml.api
    def predict(self, instances: list[dict[str, float]]) -> dict[str, Any]:
        """Answer all of them."""
        rows = np.array([[record[name] for name in NAMES] for record in instances], dtype=np.float32)
        (probabilities,) = self._session.run(None, {"x": rows})
        return {"predictions": answers(probabilities)}
