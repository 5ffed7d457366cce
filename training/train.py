"""One training run, from a config to a package: split, fit, quantize, gate, cross-validate, describe, write."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scorelet.manifest import MANIFEST_FILE, Manifest, digest
from scorelet.model import TfliteModel
from scorelet.predict import Predictions, interpret, predict

from training import data
from training.background import background
from training.baseline import baseline
from training.config import SCHEMES, TrainingConfig
from training.data import Dataset
from training.describe import describe_metrics, describe_preprocessing, describe_quantization
from training.evaluate import out_of_fold, split
from training.fit import Model, answer, fit
from training.golden import golden
from training.lineage import lineage
from training.package import write_package
from training.parity import Parity, Reference, choose, measure
from training.quantize import convert, op_list
from training.quiet import quiet
from training.report import Answered, render


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is done: its number of `total`, a stable name, and one sentence with what was measured."""

    number: int
    total: int
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Trained:
    """The package that was written, and the figures worth telling."""

    path: Path
    digest: str
    manifest: Manifest
    parity: tuple[Parity, ...]
    chosen: Parity
    seconds: float


OnStep = Callable[[Step], None]


def train(
    config: TrainingConfig,
    out_dir: Path,
    *,
    version: int = 1,
    created: datetime | None = None,
    on_step: OnStep = lambda _: None,
) -> Trained:
    """Train, quantize, gate and write `<out_dir>/<name>/<version>`; raises TableError, AlreadyExists.

    The same config, seed, libraries and machine give the same model.tflite, byte for byte.
    """
    started = time.perf_counter()
    tell = _Teller(on_step, total=5 + config.evaluation.folds)
    dataset = data.load(config)
    seed = config.model.seed
    learn, held_out = split(dataset, config.evaluation, seed)
    tell("data", f"{len(dataset)} rows, {len(learn)} to learn from, {len(held_out)} held out")
    model = fit(dataset.signature, config.model, learn.matrix, learn.target)
    tell("fit", f"a network of {model.count_params()} parameters, {config.model.epochs} epochs")
    contents, parity, chosen = quantize_and_gate(config, model, learn, held_out)
    content = contents[chosen.scheme]
    tell("quantize", _quantized_message(config, chosen))
    unseen = cross_validate(config, learn, chosen.scheme, lambda n: tell("fold", f"fold {n} fitted and answered"))
    served = _serve(content, held_out)
    metrics = describe_metrics(config, learn, unseen, held_out, served)
    tell("evaluate", _metrics_message(metrics))
    manifest = Manifest(
        name=config.name,
        version=version,
        created=(created or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        signature=dataset.signature,
        baseline=baseline(learn, _joined(unseen, served), config.baseline_bins),
        golden=golden(dataset, content),
        files={},
        quantization=describe_quantization(config, parity, chosen, op_list(content)),
        metrics=metrics,
        preprocessing=describe_preprocessing(learn),
        lineage=lineage(config, dataset),
        background=background(learn),
        file_settings=config.files.changed(),
    )
    report = render(manifest, Answered(learn, unseen), Answered(held_out, served))
    path = out_dir / config.name / str(version)
    manifest = write_package(path, manifest, content, model, report)
    tell("package", f"{path}, {len(manifest.files) + 1} files")
    body = (path / MANIFEST_FILE).read_bytes()
    return Trained(path, digest(body), manifest, parity, chosen, time.perf_counter() - started)


class _Teller:
    """Counts the steps for the callback."""

    def __init__(self, on_step: OnStep, total: int) -> None:
        self._on_step, self._total, self._number = on_step, total, 0

    def __call__(self, name: str, message: str) -> None:
        self._number += 1
        self._on_step(Step(self._number, self._total, name, message))


def quantize_and_gate(
    config: TrainingConfig, model: Model, learn: Dataset, held_out: Dataset
) -> tuple[dict[str, bytes], tuple[Parity, ...], Parity]:
    """Every scheme's .tflite content, the parity table, and the row that was chosen."""
    matrix = np.concatenate([learn.matrix, held_out.matrix])
    reference = Reference(
        signature=learn.signature,
        matrix=matrix,
        raw=answer(model, matrix),
        target=np.concatenate([learn.target, held_out.target]),
        held_out=np.arange(len(matrix)) >= len(learn),
    )
    contents = {scheme: convert(learn.signature, model, scheme, learn.matrix) for scheme in SCHEMES}
    parity = tuple(measure(reference, name, content, config.quantization) for name, content in contents.items())
    return contents, parity, choose(parity, config.quantization.scheme)


def cross_validate(config: TrainingConfig, learn: Dataset, scheme: str, on_fold: Callable[[int], None]) -> Predictions:
    """Out-of-fold answers to the training rows, each fold's model quantized and served like the final one."""

    def fit_and_answer(fold: Dataset, held: Dataset) -> NDArray[np.float32]:
        model = fit(fold.signature, config.model, fold.matrix, fold.target)
        with quiet():
            return TfliteModel(convert(fold.signature, model, scheme, fold.matrix)).run(held.matrix)

    raw = out_of_fold(learn, config.evaluation, config.model.seed, fit_and_answer, on_fold)
    return interpret(learn.signature, raw)


def _serve(content: bytes, rows: Dataset) -> Predictions:
    with quiet():
        return predict(rows.signature, TfliteModel(content), rows.matrix)


def _joined(*parts: Predictions) -> Predictions:
    return Predictions(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("outputs", "label", "score")))


def _quantized_message(config: TrainingConfig, chosen: Parity) -> str:
    note = "" if chosen.scheme == config.quantization.scheme else f" ({config.quantization.scheme} failed a gate)"
    return (
        f"{chosen.scheme}{note}: {chosen.size_bytes:,} bytes, {chosen.label_flips} label flips, "
        f"largest difference {chosen.largest_difference:.3g}"
    )


def _metrics_message(metrics: Mapping[str, Any]) -> str:
    name, found = next(iter(metrics["held_out"]["metrics"].items()))
    interval = "" if found["low"] is None else f" (95 % interval {found['low']:.3f} to {found['high']:.3f})"
    return f"held-out {name} {found['value']:.3f}{interval}, {metrics['held_out']['rows']} rows"
