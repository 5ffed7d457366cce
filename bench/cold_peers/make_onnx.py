"""weights.npz to model.onnx: python make_onnx.py FOLDER, under the Python that has onnx."""

import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def main(folder: Path) -> None:
    """Standardise, then dense layers with ReLU between them and a softmax at the end."""
    weights = dict(np.load(folder / "weights.npz"))
    layers = sum(name.startswith("kernel") for name in weights)
    nodes = [
        helper.make_node("Sub", ["x", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["h0"]),
    ]
    for n in range(layers):
        last = n == layers - 1
        nodes.append(helper.make_node("Gemm", [f"h{n}", f"kernel{n}", f"bias{n}"], [f"g{n}"]))
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"g{n}"], ["y" if last else f"h{n + 1}"]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, weights["kernel0"].shape[0]])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, weights[f"bias{layers - 1}"].shape[0]])
    tensors = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "net", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
