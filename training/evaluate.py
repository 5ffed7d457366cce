"""Honest rows: a held-out test set that fitting never sees, and out-of-fold answers for the training rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scorelet.signature import Signature
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from training.config import EvaluationConfig
from training.data import Dataset
from training.errors import TableError

Rows = NDArray[np.int64]
FitAndAnswer = Callable[[Dataset, Dataset], NDArray[np.float32]]


def split(dataset: Dataset, config: EvaluationConfig, seed: int) -> tuple[Dataset, Dataset]:
    """The training rows and the held-out test rows, each in table order; classes keep their shares."""
    _refuse_small_classes(dataset, config)
    rows = np.arange(len(dataset))
    classes = None if dataset.signature.task == "regression" else dataset.target
    train, test = train_test_split(rows, test_size=config.test_share, random_state=seed, stratify=classes)
    return dataset.take(np.sort(train)), dataset.take(np.sort(test))


def _refuse_small_classes(dataset: Dataset, config: EvaluationConfig) -> None:
    """Every fold and the test set need a row of each class."""
    needed = config.folds + 1
    if dataset.signature.task == "regression":
        if len(dataset) < 2 * needed:
            raise TableError(f"{len(dataset)} rows are too few for {config.folds} folds and a test set")
        return
    counts = np.bincount(dataset.target.astype(np.int64), minlength=len(dataset.signature.labels))
    rare = [f"{label!r} ({n})" for label, n in zip(dataset.signature.labels, counts, strict=True) if n < needed]
    if rare:
        raise TableError(
            f"too few rows of label {', '.join(rare)} for {config.folds} folds and a test set",
            remedy=f"Each label needs at least {needed} rows; or lower evaluation.folds.",
        )


def folds(train: Dataset, config: EvaluationConfig, seed: int) -> list[tuple[Rows, Rows]]:
    """For each fold the rows to fit on and the rows to answer; each training row is answered exactly once."""
    if train.signature.task == "regression":
        cut = KFold(config.folds, shuffle=True, random_state=seed)
    else:
        cut = StratifiedKFold(config.folds, shuffle=True, random_state=seed)
    return [(fit.astype(np.int64), held.astype(np.int64)) for fit, held in cut.split(train.matrix, train.target)]


def out_of_fold(
    train: Dataset,
    config: EvaluationConfig,
    seed: int,
    fit_and_answer: FitAndAnswer,
    on_fold: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float32]:
    """Raw answers to every training row by a model that was not fitted on it: float32 [n, outputs]."""
    answers: NDArray[np.float32] | None = None
    for number, (fit, held) in enumerate(folds(train, config, seed), start=1):
        found = fit_and_answer(train.take(fit), train.take(held))
        if answers is None:
            answers = np.zeros((len(train), found.shape[1]), dtype=np.float32)
        answers[held] = found
        on_fold(number)
    assert answers is not None  # noqa: S101 - two folds at least, which the config holds
    return answers


def confusion(signature: Signature, label: NDArray[np.int64], target: NDArray[np.float64]) -> list[list[int]]:
    """How often each true class (row) got each predicted class (column); empty for a regression."""
    classes = len(signature.labels)
    if not classes:
        return []
    pairs = np.bincount(target.astype(np.int64) * classes + label, minlength=classes**2)
    counts: list[list[int]] = pairs.reshape(classes, classes).tolist()
    return counts
