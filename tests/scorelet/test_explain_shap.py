"""Our Shapley values against the shap library's exact explainer, on the same background. Run by `make shap-test`."""

import numpy as np
import pytest
from scorelet.explain import background_matrix, explain
from scorelet.features import columns_from_records
from scorelet.package import load_package
from scorelet.predict import predict

from tests.fakes.package import tiny_package, tiny_records

shap = pytest.importorskip("shap", reason="shap has pins of its own: make shap-test")


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_values_equal_those_of_shaps_exact_explainer(task):
    package = load_package(tiny_package(task)[0].__getitem__, expected_digest=None, public_key=None)
    encoded, predictions = package.answer(columns_from_records(package.signature, tiny_records(10)))

    def outputs(matrix):
        return predict(package.signature, package.model, np.asarray(matrix, dtype=np.float32)).outputs.astype(float)

    background = background_matrix(package)
    masker = shap.maskers.Independent(background, max_samples=len(background))
    theirs = shap.explainers.Exact(outputs, masker)(encoded.matrix)
    ours = explain(package, encoded.matrix, predictions.label)
    for row, (why, label) in enumerate(zip(ours, predictions.label.tolist(), strict=True)):
        scale = max(1.0, float(np.abs(predictions.outputs).max()))
        assert np.abs(why.values - theirs.values[row].reshape(4, -1)[:, label]).max() <= 1e-6 * scale
        assert abs(why.base - np.ravel(theirs.base_values[row])[label]) <= 1e-6 * scale
