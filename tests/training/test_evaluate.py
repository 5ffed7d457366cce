from dataclasses import replace

import numpy as np
import pytest

from tests.training.conftest import small_config
from training import data
from training.config import EvaluationConfig
from training.errors import TableError
from training.evaluate import confusion, folds, out_of_fold, split


def test_held_out_rows_are_no_training_rows_and_classes_keep_their_shares():
    dataset = data.load(small_config("iris"))
    learn, held_out = split(dataset, EvaluationConfig(test_share=0.2), seed=3)
    assert np.bincount(held_out.target.astype(int)).tolist() == [10, 10, 10]
    rows = [tuple(row) for row in np.concatenate([learn.matrix, held_out.matrix]).tolist()]
    assert sorted(rows) == sorted(tuple(row) for row in dataset.matrix.tolist())


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_each_training_row_is_answered_once_by_a_model_that_never_saw_it(name):
    dataset = data.load(small_config(name))
    numbered = replace(dataset, matrix=np.arange(len(dataset), dtype=np.float32)[:, None])

    def fit_and_answer(fold, held):
        assert not set(fold.matrix[:, 0]) & set(held.matrix[:, 0])
        assert len(fold) + len(held) == len(dataset)
        return held.matrix + 1

    told = []
    answers = out_of_fold(numbered, EvaluationConfig(folds=4), 1, fit_and_answer, told.append)
    assert (answers == numbered.matrix + 1).all()
    assert told == [1, 2, 3, 4]


def test_the_same_seed_cuts_the_same_folds():
    dataset = data.load(small_config("iris"))
    config = EvaluationConfig(folds=3)
    first, second, other = ([held.tolist() for _, held in folds(dataset, config, seed)] for seed in (1, 1, 2))
    assert first == second != other


def test_a_label_with_too_few_rows_is_named():
    dataset = data.load(small_config("iris"))
    few = dataset.take(np.array([*range(100), 149]))
    with pytest.raises(TableError, match=r"'virginica' \(1\)"):
        split(few, EvaluationConfig(folds=5), seed=1)


def test_a_regression_with_too_few_rows_is_refused():
    few = data.load(small_config("diabetes")).take(np.arange(8))
    with pytest.raises(TableError, match="8 rows are too few"):
        split(few, EvaluationConfig(folds=5), seed=1)


def test_confusion_counts_truth_by_answer():
    signature = data.load(small_config("iris")).signature
    counts = confusion(signature, np.array([0, 1, 1, 2]), np.array([0.0, 1.0, 2.0, 2.0]))
    assert counts == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
