"""A config's table as the model will see it: encoded by the serving path, with class indices or values to learn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scorelet.features import columns_from_records, encode
from scorelet.signature import Feature, Signature

from training.config import TrainingConfig
from training.csv_table import read_columns
from training.errors import TableError
from training.infer import infer_feature
from training.table import Cells, Table, read

SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Dataset:
    """n rows, ready to learn from.

    `matrix` float32 [n, features] and `imputed` bool [n, features] come from `scorelet.features.encode`; `target` is
    float64 [n], class indices or values. `records` are the same rows as JSON would hold them. `digest` names the data.
    """

    signature: Signature
    records: tuple[Mapping[str, object], ...]
    matrix: NDArray[np.float32]
    imputed: NDArray[np.bool_]
    target: NDArray[np.float64]
    digest: str
    source: str

    def __len__(self) -> int:
        return len(self.records)

    def take(self, rows: NDArray[np.int64]) -> Dataset:
        """Some of the rows; the digest still names the whole table."""
        picked = tuple(self.records[row] for row in rows)
        return Dataset(
            self.signature,
            picked,
            self.matrix[rows],
            self.imputed[rows],
            self.target[rows],
            self.digest,
            self.source,
        )


def load(config: TrainingConfig) -> Dataset:
    """Read and encode the table; raises TableError that lists what does not fit."""
    table = read(config.data, config.target, config.features)
    missing = [feature.name for feature in config.features if feature.name not in table.columns]
    if missing:
        raise TableError(f"the table lacks {', '.join(missing)}; it has {', '.join(table.columns)}")
    features = config.features or tuple(infer_feature(n, cells) for n, cells in table.columns.items())
    signature = _signature(config, features, table)
    records = tuple(
        dict(zip(signature.names, row, strict=True))
        for row in zip(*(table.columns[name] for name in signature.names), strict=True)
    )
    from_file = read_columns(table.path, signature) if table.path else None
    encoded = encode(signature, from_file or columns_from_records(signature, records))
    problems = [f"row {p.row + 1}: {p}" for p in encoded.problems(SHOWN_PROBLEMS)]
    if problems:
        raise TableError(f"{int((~encoded.valid).sum())} rows do not fit the features: " + "; ".join(problems))
    target = _target(signature, table.target)
    digest = table_digest((*signature.names, config.target), zip(*_columns(signature, table), strict=True))
    return Dataset(signature, records, encoded.matrix, encoded.imputed, target, digest, table.source)


def _columns(signature: Signature, table: Table) -> list[Cells]:
    return [*(table.columns[name] for name in signature.names), table.target]


def _signature(config: TrainingConfig, features: tuple[Feature, ...], table: Table) -> Signature:
    if config.task == "regression":
        return Signature(features, config.task, config.target)
    found = table.labels or tuple(sorted({str(cell) for cell in table.target}))
    labels = config.labels or found
    if set(labels) != set(found):
        raise TableError(f"labels {list(labels)} are not those of column {config.target!r}: {list(found)}")
    wanted = len(labels) == 2 if config.task == "binary" else len(labels) > 2
    if not wanted:
        raise TableError(f"task {config.task!r} does not go with the {len(labels)} labels of {config.target!r}")
    return Signature(features, config.task, config.target, labels, config.threshold if len(labels) == 2 else None)


def _target(signature: Signature, cells: Sequence[object]) -> NDArray[np.float64]:
    if signature.task != "regression":
        index = {label: float(i) for i, label in enumerate(signature.labels)}
        return np.array([index[str(cell)] for cell in cells])
    try:
        values = np.array([float(str(cell)) for cell in cells])
    except ValueError as error:
        raise TableError(f"target {signature.target!r} must be a number in every row: {error}") from error
    if not np.isfinite(values).all():
        raise TableError(f"target {signature.target!r} holds a value that is not finite")
    return values


def table_digest(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The name of a table's content: SHA-256 over one JSON array per row, the names first.

    >>> table_digest(["a", "b"], [(1.0, "x")]) == table_digest(["a", "b"], [(1.0, "y")])
    False
    """
    total = hashlib.sha256()
    for row in (names, *rows):
        total.update(json.dumps(list(row), ensure_ascii=False, allow_nan=False).encode() + b"\n")
    return "sha256:" + total.hexdigest()
