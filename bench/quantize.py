"""Float against int8 on three data sets: size, quality, label flips, largest and mean difference, speed.

    python -m bench.quantize

Each model is trained from its config in training/configs and answers every row of its table, as it is served. `plain`
is the converter's own full-integer int8, for comparison; it is never packaged. `kernels apart` is how far an answer
moves between TensorFlow's three kernel sets. Differences of a regression are in standard deviations of the target.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scorelet.model import TfliteModel, runtime
from scorelet.predict import CHUNK_ROWS

from training import data
from training.config import SCHEMES, QuantizationConfig, TrainingConfig, load
from training.evaluate import split
from training.fit import answer, fit
from training.golden import kernel_disagreement
from training.parity import Parity, Reference, measure
from training.quantize import convert, op_list, plain_int8

CONFIGS = Path(__file__).parents[1] / "training" / "configs"
RUNS = 30


def main() -> None:
    """Print one table per data set."""
    print(f"runtime: {runtime()[0]}, one thread; rows/s in calls of {CHUNK_ROWS} rows, median of {RUNS}\n")
    for name in ("iris", "breast_cancer", "diabetes"):
        for line in table(load(CONFIGS / f"{name}.toml")):
            print(line)
        print()


def table(config: TrainingConfig) -> Iterator[str]:
    """The lines of one data set's Markdown table."""
    dataset = data.load(config)
    learn, held_out = split(dataset, config.evaluation, config.model.seed)
    model = fit(dataset.signature, config.model, learn.matrix, learn.target)
    matrix = np.concatenate([learn.matrix, held_out.matrix])
    target = np.concatenate([learn.target, held_out.target])
    held = np.arange(len(matrix)) >= len(learn)
    reference = Reference(dataset.signature, matrix, answer(model, matrix), target, held)
    contents = {scheme: convert(dataset.signature, model, scheme, learn.matrix) for scheme in reversed(SCHEMES)}
    ops = ", ".join(f"{op['name']} {op['type']}" for op in op_list(contents["int8"]))
    contents["plain"] = plain_int8(dataset.signature, model, learn.matrix)
    quality = "R2" if dataset.signature.task == "regression" else "accuracy"
    yield f"{config.name}: {dataset.signature.task}, {len(learn)} training and {len(held_out)} held-out rows"
    yield f"| scheme | bytes | {quality}, held out | label flips | largest difference | mean | kernels apart | rows/s |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for scheme, content in contents.items():
        found = measure(reference, scheme, content, QuantizationConfig())
        apart = float(kernel_disagreement(dataset.signature, content, matrix).max()) / found.scale
        yield _row(found, apart, rows_per_second(content, matrix))
    yield f"int8 ops: {ops}"


def _row(found: Parity, apart: float, speed: float) -> str:
    largest, mean = found.largest_difference / found.scale, found.mean_difference / found.scale
    return (
        f"| {found.scheme} | {found.size_bytes:,} | {found.quality:.4f} | {found.label_flips} of {found.rows} "
        f"| {largest:.2g} | {mean:.2g} | {apart:.2g} | {speed / 1e6:.1f} M |"
    )


def rows_per_second(content: bytes, matrix: np.ndarray) -> float:
    """How many rows a second one thread answers in large calls."""
    model, rows = TfliteModel(content), np.resize(matrix, (CHUNK_ROWS, matrix.shape[1]))
    model.run(rows)
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        model.run(rows)
        seconds.append(time.perf_counter() - started)
    return CHUNK_ROWS / statistics.median(seconds)


if __name__ == "__main__":
    main()
