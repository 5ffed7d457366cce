"""The iris model on LiteRT and nothing else, one thread: what the runtime alone costs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

_model = Interpreter(model_content=Path(__file__).with_name("model.tflite").read_bytes(), num_threads=1)
_input, _output = _model.get_input_details()[0]["index"], _model.get_output_details()[0]["index"]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Probabilities for each instance of a TF Serving request."""
    rows = np.array([list(r.values()) for r in json.loads(event["body"])["instances"]], np.float32)
    _model.resize_tensor_input(_input, rows.shape)
    _model.allocate_tensors()
    _model.set_tensor(_input, rows)
    _model.invoke()
    return {"statusCode": 200, "body": json.dumps({"predictions": _model.get_tensor(_output).tolist()})}
