"""From a Keras model to .tflite: float32, dynamic range, float16, and int8 that keeps its float ends.

Plain full-integer conversion quantizes the raw input with one scale for all columns. Where one feature counts in
thousands and another in hundredths, the small one is rounded to nothing: on the breast cancer set about a third of the
labels flip (`make bench-quantize`), and probabilities come in steps of 1/256. So int8 here means: everything but the
dense layers stays float (standardisation, one-hot, softmax), the hidden layers run on int8 after a QUANTIZE of the
standardised matrix, and the last dense layer, which is tiny, stays float and so gives fine-grained answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scorelet.signature import Signature

from training.fit import Model
from training.quiet import quiet
from training.tensorflow import tf

Matrix = NDArray[np.float32]
DENSE = "FULLY_CONNECTED"
REPRESENTATIVE_ROWS = 500  # calibration keeps a minimum and a maximum per tensor; more rows add time, not accuracy
HEADROOM = 1.25  # measured on diabetes, three seeds: worst difference 0.17 standard deviations without, 0.03 with


def convert(signature: Signature, model: Model, scheme: str, training_rows: Matrix) -> bytes:
    """The model as .tflite content, float32 [n, features] in and float32 [n, outputs] out, for any n.

    `training_rows` calibrate int8; they must hold each feature's extremes.
    """
    with quiet():
        graph = _frozen(model)
        return _SCHEMES[scheme](graph, representative(signature, training_rows))


def representative(signature: Signature, rows: Matrix) -> Matrix:
    """The rows with each column's extremes and an even sample of the rest, about REPRESENTATIVE_ROWS.

    A regression also gets them stretched by HEADROOM from the mean: an int8 layer cannot go beyond what calibration
    saw, and a value just outside would otherwise be answered as if it were inside. For classes the sure end of the
    scale is flat, and the finer steps are worth more.
    """
    extremes = np.concatenate([rows.argmin(axis=0), rows.argmax(axis=0)])
    even = np.linspace(0, len(rows) - 1, num=min(len(rows), REPRESENTATIVE_ROWS)).astype(np.int64)
    chosen: Matrix = rows[np.unique(np.concatenate([extremes, even]))]
    if signature.task != "regression":
        return chosen
    stretch = np.array([1 if f.type in ("category", "bool") else HEADROOM for f in signature.features])
    mean = rows.mean(axis=0, dtype=np.float64)
    return np.concatenate([chosen, (mean + stretch * (chosen - mean)).astype(np.float32)])


def _frozen(model: Model) -> Any:
    """The model as one function of constants. Keras 3 variables would become READ_VARIABLE ops, which cannot be
    calibrated and which small runtimes lack."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    shape = tf.TensorSpec([None, model.input_shape[1]], tf.float32, name="instances")
    function = tf.function(lambda instances: model(instances, training=False)).get_concrete_function(shape)
    return convert_variables_to_constants_v2(function)


def _converter(graph: Any, **settings: Any) -> Any:
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
    for name, value in settings.items():
        setattr(converter, name, value)
    return converter


def _float32(graph: Any, _rows: Matrix) -> bytes:
    return bytes(_converter(graph).convert())


def _dynamic(graph: Any, _rows: Matrix) -> bytes:
    return bytes(_converter(graph, optimizations=[tf.lite.Optimize.DEFAULT]).convert())


def _float16(graph: Any, _rows: Matrix) -> bytes:
    converter = _converter(graph, optimizations=[tf.lite.Optimize.DEFAULT])
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def _int8(graph: Any, rows: Matrix) -> bytes:
    """The quantization debugger is TensorFlow's way to leave chosen ops in float; its debug model is not used."""
    operations = op_list(_float32(graph, rows))
    dense = [op for op in operations if op["name"] == DENSE]
    options = tf.lite.experimental.QuantizationDebugOptions(
        denylisted_ops=sorted({op["name"] for op in operations} - {DENSE}),
        denylisted_nodes=[dense[-1]["output"]],
    )
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=_int8_converter(graph, rows), debug_dataset=_feed(rows), debug_options=options
    )
    return bytes(debugger.get_nondebug_quantized_model())


def plain_int8(signature: Signature, model: Model, training_rows: Matrix) -> bytes:
    """Every op in int8, as the converter does by default. For comparison only: see the top of this module."""
    with quiet():
        return bytes(_int8_converter(_frozen(model), representative(signature, training_rows)).convert())


def _int8_converter(graph: Any, rows: Matrix) -> Any:
    converter = _converter(graph, optimizations=[tf.lite.Optimize.DEFAULT], representative_dataset=_feed(rows))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter


def _feed(rows: Matrix) -> Callable[[], Iterator[list[Matrix]]]:
    return lambda: ([rows[i : i + 1]] for i in range(len(rows)))


_SCHEMES: dict[str, Callable[[Any, Matrix], bytes]] = {
    "float32": _float32,
    "dynamic": _dynamic,
    "float16": _float16,
    "int8": _int8,
}


def op_list(content: bytes) -> list[dict[str, str]]:
    """The ops of a .tflite model in order: each with `name`, `output` (its tensor) and `type` (of that tensor)."""
    with quiet():
        interpreter = tf.lite.Interpreter(
            model_content=content,
            experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
        # the only way to read the graph with what TensorFlow ships; private, and used by its own quantization debugger
        operations = interpreter._get_ops_details()
        return [_op(op, tensors) for op in operations]


def _op(op: dict[str, Any], tensors: dict[int, dict[str, Any]]) -> dict[str, str]:
    output = tensors[int(op["outputs"][0])]
    return {"name": op["op_name"], "output": output["name"], "type": np.dtype(output["dtype"]).name}
