"""The iris example as a registry in a folder, and its network's weights for other runtimes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.config import load
from training.tensorflow import keras
from training.train import train

CONFIG = Path(__file__).parents[1] / "training/configs/iris.toml"


def train_iris(folder: Path) -> None:
    """Write models/iris/1/ and its alias `live`, and weights.npz, below `folder`."""
    config = load(CONFIG)
    trained = train(replace(config, evaluation=replace(config.evaluation, folds=2)), folder / "models")
    alias = {"version": 1, "digest": trained.digest, "at": "", "by": "bench", "why": "", "history": []}
    (folder / "models/iris/aliases").mkdir()
    (folder / "models/iris/aliases/live.json").write_text(json.dumps(alias))
    model = keras.models.load_model(trained.path / "model.keras")
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    (normal,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Normalization)]
    weights = {"mean": np.float32(normal.mean), "deviation": np.sqrt(np.float32(normal.variance))}
    for number, layer in enumerate(dense):
        kernel, bias = layer.get_weights()
        weights |= {f"kernel{number}": kernel, f"bias{number}": bias}
    np.savez(folder / "weights.npz", **weights)
