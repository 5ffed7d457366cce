"""The iris network on onnxruntime, one thread."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

_options = onnxruntime.SessionOptions()
_options.intra_op_num_threads = _options.inter_op_num_threads = 1
_session = onnxruntime.InferenceSession(
    Path(__file__).with_name("model.onnx").read_bytes(), _options, providers=["CPUExecutionProvider"]
)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Probabilities for each instance of a TF Serving request."""
    rows = np.array([list(r.values()) for r in json.loads(event["body"])["instances"]], np.float32)
    return {"statusCode": 200, "body": json.dumps({"predictions": _session.run(None, {"x": rows})[0].tolist()})}
