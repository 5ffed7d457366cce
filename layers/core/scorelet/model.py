"""The runtime seam: the only module that knows LiteRT, tflite-runtime or TensorFlow's own interpreter.

All three offer the same `Interpreter`. They are tried in that order: LiteRT is the maintained one and the fastest,
tflite-runtime serves Python 3.11 and older with numpy 1, and TensorFlow's is for machines that train.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.errors import PackageRefused

_RUNTIMES = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
    "tensorflow": "tensorflow.lite.python.interpreter",
}


@cache  # importing LiteRT with numpy takes 66-80 ms, once per cold start
def runtime() -> tuple[str, Any]:
    """The name and the Interpreter class of the first runtime that is installed; raises ImportError."""
    for name, module in _RUNTIMES.items():
        try:
            return name, importlib.import_module(module).Interpreter
        except ModuleNotFoundError:
            continue
    raise ImportError(f"no TFLite runtime is installed; install one of: {', '.join(_RUNTIMES)}")


class TfliteModel:
    """A loaded model: float32 [n, features] in, float32 [n, outputs] out. Not for two threads at once."""

    def __init__(self, content: bytes, *, num_threads: int = 1) -> None:
        """Load a .tflite file; raises PackageRefused when it is not one or has another form of input or output."""
        try:
            self._interpreter = runtime()[1](model_content=content, num_threads=num_threads)
            self._interpreter.allocate_tensors()
            (self._input,) = self._interpreter.get_input_details()
            (self._output,) = self._interpreter.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise PackageRefused(f"model.tflite does not load: {error}") from error
        for tensor in (self._input, self._output):
            if tensor["dtype"] is not np.float32 or len(tensor["shape"]) != 2:
                raise PackageRefused("model.tflite must take and give one float32 tensor of two dimensions")
        self._rows = int(self._input["shape"][0])

    @property
    def width(self) -> int:
        """How many input columns the model takes."""
        return int(self._input["shape"][1])

    def run(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """Answer n rows: float32 [n, features] to float32 [n, outputs]."""
        if len(matrix) == 0:
            return np.zeros((0, int(self._output["shape"][1])), dtype=np.float32)
        if len(matrix) != self._rows:
            self._interpreter.resize_tensor_input(self._input["index"], matrix.shape)
            self._interpreter.allocate_tensors()
            self._rows = len(matrix)
        self._interpreter.set_tensor(self._input["index"], matrix)
        self._interpreter.invoke()
        answer: NDArray[np.float32] = self._interpreter.get_tensor(self._output["index"])
        return answer
