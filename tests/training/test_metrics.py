import numpy as np
import pytest
from scorelet.signature import Feature, Signature
from sklearn import metrics as reference

from training import metrics

SIGNATURE = Signature((Feature("a", "float"),), "multiclass", "t", ("p", "q", "r"))


def answers(classes: int, n: int = 200, seed: int = 5):
    random = np.random.default_rng(seed)
    target = random.integers(0, classes, n).astype(np.float64)
    outputs = random.dirichlet(np.ones(classes), n) + np.eye(classes)[target.astype(int)] * 0.3
    return np.round(outputs / outputs.sum(axis=1, keepdims=True), 3), target  # rounded, so that scores tie


@pytest.mark.parametrize("classes", [2, 3])
def test_class_metrics_agree_with_scikit_learn(classes):
    outputs, target = answers(classes)
    outputs = outputs / outputs.sum(axis=1, keepdims=True)
    predicted = outputs.argmax(axis=1)
    assert metrics.accuracy(outputs, target) == pytest.approx(reference.accuracy_score(target, predicted))
    assert metrics.macro_f1(outputs, target) == pytest.approx(reference.f1_score(target, predicted, average="macro"))
    assert metrics.log_loss(outputs, target) == pytest.approx(reference.log_loss(target, outputs))
    if classes == 2:
        assert metrics.roc_auc(outputs, target) == pytest.approx(reference.roc_auc_score(target, outputs[:, 1]))
        assert metrics.brier(outputs, target) == pytest.approx(reference.brier_score_loss(target, outputs[:, 1]))


def test_regression_metrics_agree_with_scikit_learn():
    random = np.random.default_rng(5)
    target = random.normal(100, 20, 150)
    outputs = (target + random.normal(0, 10, 150))[:, None]
    assert metrics.mae(outputs, target) == pytest.approx(reference.mean_absolute_error(target, outputs))
    assert metrics.rmse(outputs, target) == pytest.approx(reference.root_mean_squared_error(target, outputs))
    assert metrics.r2(outputs, target) == pytest.approx(reference.r2_score(target, outputs))


def test_what_cannot_be_told_is_none_and_never_nan():
    one_class = np.array([[0.4, 0.6], [0.1, 0.9]])
    assert metrics.roc_auc(one_class, np.ones(2)) is None
    assert metrics.r2(np.zeros((3, 1)), np.ones(3)) is None
    assert np.isfinite(metrics.log_loss(np.array([[0.0, 1.0]]), np.zeros(1)))


def test_intervals_hold_the_value_and_narrow_with_more_rows():
    widths = []
    for n in (50, 800):
        outputs, target = answers(3, n)
        found = metrics.with_intervals(SIGNATURE, outputs, target, resamples=300, seed=1)
        for entry in found.values():
            assert entry["low"] <= entry["value"] <= entry["high"]
        widths.append(found["log_loss"]["high"] - found["log_loss"]["low"])
    assert widths[1] < widths[0] / 2


def test_no_error_seen_is_not_called_certainty():
    target = np.array([0.0, 1.0, 2.0] * 10)
    outputs = np.eye(3)[target.astype(int)]
    found = metrics.with_intervals(SIGNATURE, outputs, target, resamples=200, seed=1)
    assert found["accuracy"]["value"] == 1.0
    assert found["accuracy"]["low"] == pytest.approx(0.886, abs=1e-3)  # Wilson, 30 of 30
    assert found["macro_f1"] == {"value": 1.0, "low": None, "high": None}


def test_the_same_seed_gives_the_same_intervals():
    outputs, target = answers(3)
    first, second = (metrics.with_intervals(SIGNATURE, outputs, target, resamples=100, seed=9) for _ in range(2))
    assert first == second
