"""The contract of a model, whichever runtime is installed. `make tflite-test` runs it on tflite-runtime as well."""

from pathlib import Path

import numpy as np
import pytest
from scorelet.errors import PackageRefused
from scorelet.model import TfliteModel, runtime

DATA = Path(__file__).parents[1] / "data"
ANSWERS = {
    "tiny_binary": [[0.999906], [0.996246], [0.801471], [0.076849], [0.04202]],
    "tiny_multiclass": [
        [0.994391, 2e-05, 0.005589],
        [0.888493, 0.00604, 0.105468],
        [0.254875, 0.525736, 0.219389],
        [0.093446, 0.883238, 0.023316],
        [0.167052, 0.828207, 0.004742],
    ],
    "tiny_regression": [[9.269009], [5.58108], [1.395513], [-2.485952], [-3.126685]],
}
MODELS = sorted(DATA.glob("*.tflite"))


def _model(file: Path) -> TfliteModel:
    return TfliteModel(file.read_bytes())


def _rows(model: TfliteModel, count: int = 5) -> np.ndarray:
    return np.linspace(-2, 2, count * model.width, dtype=np.float32).reshape(count, model.width)


@pytest.mark.parametrize("file", MODELS, ids=lambda f: f.stem)
def test_every_runtime_gives_the_same_answers(file: Path) -> None:
    model = _model(file)
    assert model.run(_rows(model)) == pytest.approx(np.array(ANSWERS[file.stem]), abs=1e-5)


@pytest.mark.parametrize("file", MODELS, ids=lambda f: f.stem)
def test_a_row_is_answered_alike_alone_and_among_others(file: Path) -> None:
    model = _model(file)
    rows = _rows(model)
    together = model.run(rows)
    alone = np.concatenate([model.run(rows[i : i + 1]) for i in range(len(rows))])
    assert together == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("file", MODELS, ids=lambda f: f.stem)
def test_no_rows_give_no_answers(file: Path) -> None:
    model = _model(file)
    assert model.run(_rows(model, 0)).shape == (0, len(ANSWERS[file.stem][0]))


@pytest.mark.parametrize("file", MODELS, ids=lambda f: f.stem)
def test_answers_stay_after_the_next_call(file: Path) -> None:
    model = _model(file)
    first = model.run(_rows(model))
    kept = first.copy()
    model.run(_rows(model) * 0)
    assert (first == kept).all()


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(PackageRefused, match="does not load"):
        TfliteModel(b"not a flatbuffer at all, only text")


def test_the_runtime_is_one_of_the_known_ones() -> None:
    assert runtime()[0] in {"ai-edge-litert", "tflite-runtime", "tensorflow"}
