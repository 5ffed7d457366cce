"""The iris network as an ONNX model, from the weights of the Keras model that our package was made of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
LABELS = ("setosa", "versicolor", "virginica")


def session() -> Any:
    """An onnxruntime session with one thread: float32 [n, 4] `x` in, probabilities [n, 3] out."""
    weights = np.load(Path(os.environ["BENCH_MODEL"]) / "weights.npz")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        _model(dict(weights)).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _model(weights: dict[str, Any]) -> Any:
    layers = len([name for name in weights if name.startswith("kernel")])
    nodes = [
        helper.make_node("Sub", ["x", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["h0"]),
    ]
    for layer in range(layers):
        last = layer == layers - 1
        nodes.append(helper.make_node("Gemm", [f"h{layer}", f"kernel{layer}", f"bias{layer}"], [f"g{layer}"]))
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"g{layer}"], ["y" if last else f"h{layer + 1}"]))
    tensors = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, len(NAMES)])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, len(LABELS)])
    graph = helper.make_graph(nodes, "iris", [x], [y], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def answers(probabilities: Any) -> list[dict[str, Any]]:
    """What our own server says of each row."""
    best = probabilities.argmax(axis=1).tolist()
    return [
        {"label": LABELS[label], "score": row[label], "probabilities": dict(zip(LABELS, row, strict=True))}
        for label, row in zip(best, probabilities.tolist(), strict=True)
    ]
