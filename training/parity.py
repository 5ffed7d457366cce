"""What a scheme costs: the served answers of a .tflite model beside the Keras model's, on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scorelet.model import TfliteModel
from scorelet.predict import interpret, predict
from scorelet.signature import Signature

from training.config import QuantizationConfig
from training.metrics import main_metric
from training.quiet import quiet

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Parity:
    """One scheme against the Keras model.

    `quality` is the accuracy (regression: R²) of the served model on the held-out rows, `quality_drop` how much less
    than the Keras model's. Flips and differences are over all `rows`; `scale` is the unit of a difference in the gate
    (1 for probabilities, the target's standard deviation for a regression).
    """

    scheme: str
    size_bytes: int
    rows: int
    quality: float
    quality_drop: float
    label_flips: int
    largest_difference: float
    mean_difference: float
    scale: float
    failed_gates: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The row of the parity table that stands in the manifest."""
        return {**asdict(self), "failed_gates": list(self.failed_gates)}


@dataclass(frozen=True, slots=True)
class Reference:
    """The Keras model's raw answers to `matrix`, the truth, and which rows were held out."""

    signature: Signature
    matrix: Matrix
    raw: Matrix
    target: NDArray[np.float64]
    held_out: NDArray[np.bool_]


def measure(reference: Reference, scheme: str, content: bytes, gates: QuantizationConfig) -> Parity:
    """Run the model as it is served, through TfliteModel and predict, and compare."""
    wanted = interpret(reference.signature, reference.raw)
    with quiet():  # the runtime announces its delegate on standard error
        served = predict(reference.signature, TfliteModel(content), reference.matrix)
    difference = np.abs(served.outputs.astype(np.float64) - wanted.outputs)
    quality = _quality(reference, served.outputs)
    drop = _quality(reference, wanted.outputs) - quality
    scale = float(reference.target.std()) or 1.0 if reference.signature.task == "regression" else 1.0
    return Parity(
        scheme=scheme,
        size_bytes=len(content),
        rows=len(reference.matrix),
        quality=quality,
        quality_drop=drop,
        label_flips=int((served.label != wanted.label).sum()),
        largest_difference=float(difference.max()),
        mean_difference=float(difference.mean()),
        scale=scale,
        failed_gates=failed_gates(gates, drop, float(difference.max()) / scale),
    )


def _quality(reference: Reference, outputs: Matrix) -> float:
    held_out = reference.held_out
    value = main_metric(reference.signature)[1](outputs[held_out].astype(np.float64), reference.target[held_out])
    return 0.0 if value is None else value


def failed_gates(gates: QuantizationConfig, drop: float, difference: float) -> tuple[str, ...]:
    """Which gates a quality drop and an output difference fail, in words."""
    found = []
    if not drop <= gates.largest_accuracy_drop:
        found.append(f"quality drops by {drop:.3g}, more than {gates.largest_accuracy_drop:g}")
    if not difference <= gates.largest_output_difference:
        found.append(f"an output differs by {difference:.3g}, more than {gates.largest_output_difference:g}")
    return tuple(found)


def choose(rows: Sequence[Parity], wanted: str) -> Parity:
    """The wanted scheme when it passes its gates; else the smallest that passes, the closer one of equals.

    float32 is the last resort: it is the model itself, so it is chosen even where gates were set that nothing passes.
    """
    by_scheme = {row.scheme: row for row in rows}
    if not by_scheme[wanted].failed_gates:
        return by_scheme[wanted]
    passing = [row for row in rows if not row.failed_gates]
    return min(passing, key=lambda row: (row.size_bytes, row.largest_difference), default=by_scheme["float32"])
