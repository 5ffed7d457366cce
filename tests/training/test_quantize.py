"""Quantization held to what it is for: fine-grained answers, whatever the features' scales and the batch's size."""

from functools import cache

import numpy as np
import pytest
from scorelet.model import TfliteModel
from scorelet.predict import interpret, predict
from scorelet.signature import Feature, Signature

from training.config import SCHEMES, ModelConfig, QuantizationConfig
from training.parity import Reference, measure

FEATURES = (
    Feature("income", "float"),
    Feature("rate", "float"),
    Feature("colour", "category", categories=("red", "green", "blue")),
    Feature("member", "bool"),
)
SIGNATURES = {
    "multiclass": Signature(FEATURES, "multiclass", "y", ("p", "q", "r")),
    "binary": Signature(FEATURES, "binary", "y", ("no", "yes"), 0.5),
    "regression": Signature(FEATURES, "regression", "y"),
}
TASKS = sorted(SIGNATURES)


def rows(n: int, seed: int = 4) -> np.ndarray:
    """Income in thousands of thousands, rate in thousandths: one scale for both would erase the rate."""
    random = np.random.default_rng(seed)
    columns = [
        random.uniform(1e4, 3e6, n),
        random.normal(0.02, 0.005, n),
        random.integers(0, 3, n),
        random.integers(0, 2, n),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def truth(task: str, matrix: np.ndarray) -> np.ndarray:
    """Decided by the small feature, mostly."""
    value = (matrix[:, 1] - 0.02) / 0.005 + 0.5 * (matrix[:, 2] == 1) - 0.5 * matrix[:, 3]
    if task == "regression":
        return 200 + 30 * value.astype(np.float64)
    return np.digitize(value, [0.0] if task == "binary" else [-0.5, 0.5]).astype(np.float64)


@cache
def fitted(task: str):
    from training.fit import fit

    matrix = rows(300)
    return fit(SIGNATURES[task], ModelConfig(hidden=(16, 8), epochs=10, batch_size=50), matrix, truth(task, matrix))


@cache
def converted(task: str, scheme: str) -> bytes:
    from training.quantize import convert

    return convert(SIGNATURES[task], fitted(task), scheme, rows(300))


@pytest.mark.parametrize("task", TASKS)
def test_only_the_hidden_layers_run_on_int8(task):
    from training.quantize import op_list

    ops = [(op["name"], op["type"]) for op in op_list(converted(task, "int8"))]
    core = [("QUANTIZE", "int8"), *[("FULLY_CONNECTED", "int8")] * 2, ("DEQUANTIZE", "float32")]
    start = ops.index(core[0])
    assert ops[start : start + 4] == core
    assert ops[start + 4] == ("FULLY_CONNECTED", "float32")
    before = {name for name, _ in ops[:start]}
    assert {"SUB", "MUL", "EQUAL"} <= before, "standardisation and one-hot come before the QUANTIZE"
    assert "int8" not in {kind for _, kind in ops[:start] + ops[start + 3 :]}
    # a regression's way back to the target's unit is folded into its last layer
    ends = {"multiclass": "SOFTMAX", "binary": "LOGISTIC", "regression": "FULLY_CONNECTED"}
    assert ops[-1] == (ends[task], "float32")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("scheme", ["int8", "dynamic", "float32"])
def test_a_scheme_answers_like_the_keras_model_whatever_the_scales(task, scheme):
    from training.fit import answer

    fresh = rows(200, seed=9)
    wanted = answer(fitted(task), fresh)
    found = TfliteModel(converted(task, scheme)).run(fresh)
    scale = 30.0 if task == "regression" else 1.0
    allowed = {"float32": 1e-4, "dynamic": 1e-4, "int8": 0.15}[scheme]
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() / scale < allowed


def test_float16_cannot_hold_a_mean_in_the_millions_and_its_gate_says_so():
    from training.fit import answer

    matrix, signature = rows(300), SIGNATURES["binary"]
    raw = answer(fitted("binary"), matrix)
    reference = Reference(signature, matrix, raw, truth("binary", matrix), np.arange(300) < 100)
    rated = {s: measure(reference, s, converted("binary", s), QuantizationConfig()) for s in ("float16", "float32")}
    assert rated["float16"].failed_gates
    assert not rated["float32"].failed_gates


def test_plain_int8_loses_the_small_feature_and_ours_keeps_it():
    from training.fit import answer
    from training.quantize import plain_int8

    matrix, signature = rows(300), SIGNATURES["multiclass"]
    wanted = interpret(signature, answer(fitted("multiclass"), matrix)).label
    plain = plain_int8(signature, fitted("multiclass"), matrix)
    flips = {
        name: int((predict(signature, TfliteModel(content), matrix).label != wanted).sum())
        for name, content in (("plain", plain), ("ours", converted("multiclass", "int8")))
    }
    assert flips["plain"] > 100
    assert flips["ours"] <= 3


@pytest.mark.parametrize("task", TASKS)
def test_int8_answers_are_finer_than_256_steps(task):
    answers = TfliteModel(converted(task, "int8")).run(rows(4000, seed=2))
    assert len(np.unique(answers)) > 256


@pytest.mark.law
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_row_is_answered_the_same_bits_in_every_batch(task, scheme):
    model, matrix = TfliteModel(converted(task, scheme)), rows(4096, seed=1)
    together = model.run(matrix).copy()
    for n in (1, 7, 64, 1000):
        starts = range(0, min(len(matrix), 40 * n), n)
        apart = np.concatenate([model.run(matrix[start : start + n]) for start in starts])
        assert (apart == together[: len(apart)]).all(), f"batches of {n} rows"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_converting_again_gives_the_same_bytes(scheme):
    from training.quantize import convert

    assert convert(SIGNATURES["binary"], fitted("binary"), scheme, rows(300)) == converted("binary", scheme)


def test_a_constant_column_does_not_blow_up():
    from training.fit import answer, fit

    matrix = rows(60)
    matrix[:, 0] = 5.0
    model = fit(SIGNATURES["binary"], ModelConfig(hidden=(4,), epochs=1), matrix, truth("binary", matrix))
    moved = matrix.copy()
    moved[:, 0] = 6.0
    assert np.abs(answer(model, moved) - answer(model, matrix)).max() < 0.9
    assert np.isfinite(answer(model, moved)).all()


def test_the_representative_rows_hold_every_extreme_and_a_regression_gets_headroom():
    from training.quantize import HEADROOM, REPRESENTATIVE_ROWS, representative

    matrix = rows(5000)
    chosen = representative(SIGNATURES["binary"], matrix)
    assert REPRESENTATIVE_ROWS <= len(chosen) <= REPRESENTATIVE_ROWS + 8
    assert (chosen.max(axis=0) == matrix.max(axis=0)).all()
    assert (chosen.min(axis=0) == matrix.min(axis=0)).all()
    wider = representative(SIGNATURES["regression"], matrix)
    mean = matrix[:, 0].mean(dtype=np.float64)
    assert wider[:, 0].max() == pytest.approx(mean + HEADROOM * (matrix[:, 0].max() - mean), rel=1e-5)
    assert set(np.unique(wider[:, 2])) == {0.0, 1.0, 2.0}, "categories are not stretched"
