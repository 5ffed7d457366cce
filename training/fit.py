"""The Keras model: standardisation and one-hot encoding inside the graph, then dense layers, then probabilities.

It takes the matrix that `scorelet.features.encode` makes and nothing else, so serving needs no code of its own for
preprocessing. Everything here is deterministic for a seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scorelet.signature import Signature

from training.config import ModelConfig
from training.quiet import quiet
from training.tensorflow import keras

Model = Any  # keras ships no type information
Matrix = NDArray[np.float32]
STEPS_PER_CALL = 32  # optimiser steps per trip from Python into the graph


def fit(signature: Signature, config: ModelConfig, matrix: Matrix, target: NDArray[np.float64]) -> Model:
    """A model fitted to n rows: float32 [n, features] in; out float32 [n, classes] probabilities, binary [n, 1]
    P(positive), regression [n, 1] the value in the target's own unit.
    """
    with quiet():
        keras.backend.clear_session()  # names count from one again: the same run gives the same bytes
        keras.utils.set_random_seed(config.seed)
        model = build(signature, config, matrix, target)
        rows = _passes(len(matrix), config)
        steps = -(-len(rows) // config.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
        model.compile(
            keras.optimizers.Adam(rate), loss=_loss(signature), steps_per_execution=min(STEPS_PER_CALL, steps)
        )
        model.fit(matrix[rows], target[rows], batch_size=config.batch_size, shuffle=False, verbose=0)
    return model


def _passes(n: int, config: ModelConfig) -> NDArray[np.int64]:
    """All epochs' shuffled row numbers end to end: one long pass is several times faster than many short ones."""
    random = np.random.default_rng(config.seed)
    return np.concatenate([random.permutation(n) for _ in range(config.epochs)])


def _loss(signature: Signature) -> str:
    return {"multiclass": "sparse_categorical_crossentropy", "binary": "binary_crossentropy"}.get(signature.task, "mse")


def build(signature: Signature, config: ModelConfig, matrix: Matrix, target: NDArray[np.float64]) -> Model:
    """The network before fitting; means and deviations come from these rows, which are training rows only."""
    inputs = keras.Input((len(signature.features),), dtype="float32", name="instances")
    hidden = _preprocess(signature, matrix, inputs)
    for number, units in enumerate(config.hidden, start=1):
        hidden = keras.layers.Dense(units, activation="relu", name=f"hidden_{number}")(hidden)
    return keras.Model(inputs, _head(signature, hidden, target), name="scorelet")


def _preprocess(signature: Signature, matrix: Matrix, inputs: Any) -> Any:
    numeric = [i for i, f in enumerate(signature.features) if f.type != "category"]
    parts = []
    if numeric:
        chosen = inputs if len(numeric) == len(signature.features) else keras.ops.take(inputs, numeric, axis=1)
        parts.append(_standardise(matrix[:, numeric], chosen))
    for index, feature in enumerate(signature.features):
        if feature.type == "category":
            parts.append(_one_hot(index, len(feature.categories), inputs))
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="encoded")(parts)


def _standardise(values: Matrix, chosen: Any) -> Any:
    mean, variance = values.mean(axis=0, dtype=np.float64), values.var(axis=0, dtype=np.float64)
    variance[variance == 0] = 1.0  # a constant column: any later change would be divided by almost nothing
    return keras.layers.Normalization(mean=mean, variance=variance, name="standardise")(chosen)


def _one_hot(index: int, categories: int, inputs: Any) -> Any:
    """Compare the category's index with 0, 1, 2, …: two plain ops that every runtime has, exact for small integers."""
    repeated = keras.ops.take(inputs, [index] * categories, axis=1)
    return keras.ops.cast(keras.ops.equal(repeated, np.arange(categories, dtype=np.float32)), "float32")


def _head(signature: Signature, hidden: Any, target: NDArray[np.float64]) -> Any:
    if signature.task == "multiclass":
        return keras.layers.Dense(len(signature.labels), activation="softmax", name="probabilities")(hidden)
    if signature.task == "binary":
        return keras.layers.Dense(1, activation="sigmoid", name="probability")(hidden)
    # The layers work in standard deviations and the graph answers in the target's unit, so fitting starts at the mean.
    standard = keras.layers.Dense(1, name="standard_value")(hidden)
    scale = float(target.std()) or 1.0
    return keras.layers.Rescaling(scale, offset=float(target.mean()), name="value")(standard)


def answer(model: Model, matrix: Matrix) -> Matrix:
    """The Keras model's raw outputs to n rows, float32 [n, outputs]."""
    with quiet():
        answers: Matrix = model(matrix, training=False).numpy()
    return answers
