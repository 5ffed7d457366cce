"""What the manifest says in words and numbers about metrics, quantization and preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from scorelet.predict import Predictions

from training.config import TrainingConfig
from training.data import Dataset
from training.evaluate import confusion
from training.metrics import with_intervals
from training.parity import Parity


def describe_metrics(
    config: TrainingConfig, learn: Dataset, unseen: Predictions, held_out: Dataset, served: Predictions
) -> dict[str, Any]:
    """Held-out and out-of-fold metrics of the served model, each with its interval."""
    return {
        "held_out": _section(config, held_out, served),
        "out_of_fold": {"folds": config.evaluation.folds, **_section(config, learn, unseen)},
        "interval": "95 %: Wilson's for accuracy, for the rest a percentile bootstrap over rows, "
        f"{config.evaluation.resamples} resamples",
    }


def _section(config: TrainingConfig, rows: Dataset, answers: Predictions) -> dict[str, Any]:
    found = with_intervals(
        rows.signature,
        answers.outputs,
        rows.target,
        resamples=config.evaluation.resamples,
        seed=config.model.seed,
    )
    table = confusion(rows.signature, answers.label, rows.target)
    return {"rows": len(rows), "metrics": found, "confusion": table or None}


def describe_quantization(
    config: TrainingConfig, parity: Sequence[Parity], chosen: Parity, operations: Sequence[dict[str, str]]
) -> dict[str, Any]:
    """The scheme, the gates, the parity table and the ops of the model that is served."""
    return {
        "scheme": chosen.scheme,
        "gates": asdict(config.quantization),
        "reference": "the Keras model, on the same rows; quality on the held-out rows",
        "parity": [row.to_json() for row in parity],
        "ops": [f"{op['name']}:{op['type']}" for op in operations],
    }


def describe_preprocessing(learn: Dataset) -> dict[str, Any]:
    """What happens to a record before and inside the graph, with the constants that training learned."""
    features = learn.signature.features
    numbers = {f.name: learn.matrix[:, i].astype(np.float64) for i, f in enumerate(features) if f.type != "category"}
    return {
        "before_the_graph": "scorelet.features.encode: type, range and null checks; null to the imputation value; "
        "bool to 0 or 1; category to its index in the signature; then float32 in the signature's order",
        "in_the_graph": {
            "standardise": {n: {"mean": float(v.mean()), "deviation": float(v.std())} for n, v in numbers.items()},
            "one_hot": [f.name for f in features if f.type == "category"],
        },
    }
