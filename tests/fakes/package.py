"""A small model package in memory, one per task: real LiteRT models, every feature type, golden records that replay."""

from functools import cache
from pathlib import Path

import numpy as np
from scorelet.features import columns_from_records, encode
from scorelet.manifest import MANIFEST_FILE, MODEL_FILE, FileEntry, Golden, Manifest, digest
from scorelet.model import TfliteModel
from scorelet.predict import Predictions, predict
from scorelet.signature import Feature, Signature, Task
from scorelet.sketch import LABEL, SCORE, Baseline, Bins, Counts

DATA = Path(__file__).parent.parent / "data"
FEATURES = (
    Feature("amount", "float", minimum=-1000, maximum=1000),
    Feature("age", "int", nullable=True, minimum=0, maximum=130, imputation=40),
    Feature("member", "bool"),
    Feature("colour", "category", categories=("red", "light green", 'blue "navy", dark')),
)
LABELS: dict[Task, tuple[str, ...]] = {
    "binary": ("no", "yes"),
    "multiclass": ("low", "mid", "high"),
    "regression": (),
}


def tiny_records(n: int, seed: int = 7) -> list[dict[str, object]]:
    """`n` valid records, the same for the same seed; about one age in ten is null."""
    random = np.random.default_rng(seed)
    return [
        {
            "amount": round(float(random.normal(0, 250)) % 1000, 2),
            "age": None if random.random() < 0.1 else int(random.integers(0, 131)),
            "member": bool(random.random() < 0.5),
            "colour": FEATURES[3].categories[int(random.integers(3))],
        }
        for _ in range(n)
    ]


@cache
def tiny_package(
    task: Task = "multiclass", name: str = "tiny", version: int = 1, labels: tuple[str, ...] | None = None
) -> tuple[dict[str, bytes], Manifest]:
    """The files {manifest.json, model.tflite} of a package and its Manifest. Regression's target is `price`."""
    content = (DATA / f"tiny_{task}.tflite").read_bytes()
    signature = Signature(
        features=FEATURES,
        task=task,
        target="price" if task == "regression" else "group",
        labels=LABELS[task] if labels is None else labels,
        threshold=0.5 if task == "binary" else None,
    )
    model = TfliteModel(content)
    records = tiny_records(400)
    encoded = encode(signature, columns_from_records(signature, records))
    answers = predict(signature, model, encoded.matrix)
    manifest = Manifest(
        name=name,
        version=version,
        created="2024-05-01T00:00:00Z",
        signature=signature,
        baseline=_baseline(signature, encoded.matrix, encoded.imputed, answers),
        golden=Golden(tuple(records[:5]), tuple(tuple(o) for o in answers.outputs[:5].tolist()), 1e-6),
        background=tuple(records[100:116]),
        files={MODEL_FILE: FileEntry(len(content), digest(content))},
    )
    return {MANIFEST_FILE: manifest.to_bytes(), MODEL_FILE: content}, manifest


def _baseline(signature: Signature, matrix: np.ndarray, null: np.ndarray, answers: Predictions) -> Baseline:
    bins: dict[str, Bins] = {}
    counts: dict[str, Counts] = {}
    for index, feature in enumerate(signature.features):
        column, empty = matrix[:, index], null[:, index]
        bins[feature.name] = Bins.for_feature(feature, column[~empty])
        counts[feature.name] = bins[feature.name].count(bins[feature.name].index(column, empty))
    nothing = np.zeros(len(matrix), dtype=np.bool_)
    bins[SCORE] = Bins.of_equal_share(answers.score)
    bins[LABEL] = Bins(values=max(1, len(signature.labels)))
    counts[SCORE] = bins[SCORE].count(bins[SCORE].index(answers.score, nothing))
    counts[LABEL] = bins[LABEL].count(bins[LABEL].index(answers.label.astype(np.float32), nothing))
    return Baseline(bins, counts)
