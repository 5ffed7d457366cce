"""Golden records: a dozen rows whose answers a package must repeat wherever it is loaded.

Machines and runtimes round int8 layers differently: LiteRT's own kernels and its XNNPACK delegate disagree on some
rows by one step, which moved a probability by up to 0.05. A row like that would refuse a sound package, so only rows on
which all kernels agree are taken, and the tolerance stays small.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scorelet.features import columns_from_records, encode
from scorelet.manifest import Golden
from scorelet.model import TfliteModel
from scorelet.predict import interpret, predict
from scorelet.signature import Signature

from training.data import Dataset
from training.quiet import quiet
from training.tensorflow import tf

MOST_RECORDS = 12
TOLERANCE = 1e-3  # of a probability, or of the target's standard deviation
NUDGE = 1e-6  # relative: what fused multiply-add and another order of adding do to a float

Record = Mapping[str, object]
Matrix = NDArray[np.float32]


def golden(dataset: Dataset, content: bytes) -> Golden:
    """Golden records for a .tflite model: the extremes, nulls, and rows spread over labels and scores."""
    signature = dataset.signature
    scale = float(dataset.target.std()) or 1.0 if signature.task == "regression" else 1.0
    candidates = _candidates(dataset, content)
    matrix = encode(signature, columns_from_records(signature, candidates)).matrix
    with quiet():
        outputs = predict(signature, TfliteModel(content), matrix).outputs
    disagreement = kernel_disagreement(signature, content, matrix)
    stable = np.flatnonzero(disagreement <= TOLERANCE * scale / 4)
    chosen = stable if len(stable) else np.argsort(disagreement, kind="stable")
    chosen = chosen[:MOST_RECORDS]
    return Golden(
        records=tuple(candidates[row] for row in chosen),
        outputs=tuple(tuple(float(x) for x in outputs[row]) for row in chosen),
        tolerance=max(TOLERANCE * scale, 4 * float(disagreement[chosen].max())),
    )


def _candidates(dataset: Dataset, content: bytes) -> list[Record]:
    """Records worth replaying, most telling first, none twice."""
    with quiet():
        answers = predict(dataset.signature, TfliteModel(content), dataset.matrix)
    order = np.lexsort((answers.score, answers.label))
    spread = order[np.linspace(0, len(order) - 1, num=min(len(order), 4 * MOST_RECORDS)).astype(np.int64)]
    # by turns from the whole range, so that the first ones already span it
    spread = np.concatenate([spread[start::4] for start in range(4)])
    smallest, largest = dataset.matrix.argmin(axis=0), dataset.matrix.argmax(axis=0)
    found = [_corner(dataset, smallest), _corner(dataset, largest), *_with_nulls(dataset)]
    found += [dataset.records[row] for row in spread]
    return [record for place, record in enumerate(found) if record not in found[:place]]


def _corner(dataset: Dataset, rows: NDArray[np.int64]) -> Record:
    """One record out of several rows: from rows[i] the i-th feature."""
    return {name: dataset.records[row][name] for name, row in zip(dataset.signature.names, rows, strict=True)}


def _with_nulls(dataset: Dataset) -> list[Record]:
    """One record in which everything nullable is null."""
    nulls = {feature.name: None for feature in dataset.signature.features if feature.nullable}
    return [{**dataset.records[0], **nulls}] if nulls else []


def kernel_disagreement(signature: Signature, content: bytes, matrix: Matrix) -> NDArray[np.float64]:
    """How far each row's answer moves, at most, over TensorFlow's three kernel sets and nudged inputs: float64 [n]."""
    kinds = tf.lite.experimental.OpResolverType
    # a category's index is compared for equality in the graph; it is always exact
    moving = np.array([feature.type == "float" for feature in signature.features], dtype=np.float32)
    with quiet():
        runs = [
            _run(content, matrix * (1 + np.float32(nudge) * moving), kind)
            for kind in (kinds.AUTO, kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES, kinds.BUILTIN_REF)
            for nudge in (0.0, NUDGE, -NUDGE)
        ]
    outputs = np.stack([interpret(signature, raw).outputs for raw in runs]).astype(np.float64)
    moved: NDArray[np.float64] = np.ptp(outputs, axis=0).max(axis=1)
    return moved


def _run(content: bytes, matrix: Matrix, kind: object) -> Matrix:
    interpreter = tf.lite.Interpreter(model_content=content, experimental_op_resolver_type=kind, num_threads=1)
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(entry["index"], matrix.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry["index"], matrix)
    interpreter.invoke()
    return np.array(interpreter.get_tensor(exit_["index"]))
