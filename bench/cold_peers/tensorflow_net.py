"""The iris network as a SavedModel in full TensorFlow, which loads it faster than Keras does."""

import json
from pathlib import Path
from typing import Any

import tensorflow as tf

_model = tf.saved_model.load(Path(__file__).with_name("saved_model"))
_serve = _model.signatures["serving_default"]
(_INPUT,) = _serve.structured_input_signature[1]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Probabilities for each instance of a TF Serving request."""
    rows = [list(r.values()) for r in json.loads(event["body"])["instances"]]
    (answer,) = _serve(**{_INPUT: tf.constant(rows, tf.float32)}).values()
    return {"statusCode": 200, "body": json.dumps({"predictions": answer.numpy().tolist()})}
