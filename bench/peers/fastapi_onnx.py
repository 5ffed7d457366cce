"""FastAPI with onnxruntime, as its guide would write it: a pydantic model for the record, one route."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, Field

from bench.peers.onnx_net import answers, session


class Record(BaseModel):
    """One flower."""

    sepal_length: float = Field(ge=0.1, le=30)
    sepal_width: float = Field(ge=0.1, le=30)
    petal_length: float = Field(ge=0.1, le=30)
    petal_width: float = Field(ge=0.1, le=30)


class Request(BaseModel):
    """Some flowers."""

    instances: list[Record]


app = FastAPI()
_session = session()


@app.post("/v1/models/iris:predict")
def predict(request: Request) -> dict[str, Any]:
    """Answer all of them."""
    rows = [[r.sepal_length, r.sepal_width, r.petal_length, r.petal_width] for r in request.instances]
    (probabilities,) = _session.run(None, {"x": np.array(rows, dtype=np.float32)})
    return {"predictions": answers(probabilities)}
