"""Shapley values: by the definition, they add up, sampled ones agree with exact ones within their errors."""

import dataclasses
import itertools
from functools import cache

import numpy as np
import pytest
from scorelet import explain as module
from scorelet.errors import BadRequest, BodyTooLarge
from scorelet.explain import background_matrix, explain
from scorelet.features import columns_from_records
from scorelet.manifest import Manifest
from scorelet.package import ModelPackage, load_package
from scorelet.predict import predict
from scorelet.signature import Feature, Signature

from tests.fakes.package import tiny_package, tiny_records

TASKS = ("binary", "multiclass", "regression")


@cache
def package_of(task):
    return load_package(tiny_package(task)[0].__getitem__, expected_digest=None, public_key=None)


def explained(package, records):
    encoded, predictions = package.answer(columns_from_records(package.signature, records))
    return encoded.matrix, predictions, explain(package, encoded.matrix, predictions.label)


def worth(package, row, known, label):
    background = background_matrix(package)
    mixed = np.where(np.isin(np.arange(len(row)), known), row, background).astype(np.float32)
    return float(predict(package.signature, package.model, mixed).outputs[:, label].mean(dtype=np.float64))


@pytest.mark.parametrize("task", TASKS)
def test_values_are_the_average_gain_over_all_orders(task):
    package = package_of(task)
    matrix, predictions, found = explained(package, tiny_records(3))
    for row, label, why in zip(matrix, predictions.label.tolist(), found, strict=True):
        gains = np.zeros(4)
        orders = list(itertools.permutations(range(4)))
        for order in orders:
            for place, feature in enumerate(order):
                after, before = order[: place + 1], order[:place]
                gains[feature] += worth(package, row, after, label) - worth(package, row, before, label)
        assert why.values == pytest.approx(gains / len(orders), abs=1e-9)


@pytest.mark.parametrize("task", TASKS)
def test_base_and_values_add_up_to_the_output_of_the_predicted_class(task):
    _, predictions, found = explained(package_of(task), tiny_records(20))
    outputs = predictions.outputs[np.arange(20), predictions.label]
    assert [why.base + why.values.sum() for why in found] == pytest.approx(outputs.tolist(), rel=1e-6)


class Sum:
    """A model of pairs of features that play together, so that orders matter."""

    width = 14

    def run(self, matrix):
        return (matrix[:, ::2] * matrix[:, 1::2]).sum(axis=1, keepdims=True).astype(np.float32)


@cache
def wide_package():
    signature = Signature(tuple(Feature(f"f{i}", "float") for i in range(14)), "regression", "y")
    random = np.random.default_rng(1)
    rows = [dict(zip(signature.names, row.tolist(), strict=True)) for row in random.normal(size=(12, 14))]
    base = tiny_package("regression")[1]
    manifest = dataclasses.replace(base, signature=signature, background=tuple(rows))
    return ModelPackage(manifest, "sha256:0", Sum())


def test_above_a_dozen_features_sampled_values_agree_with_exact_ones_within_their_errors(monkeypatch):
    package = wide_package()
    matrix = np.random.default_rng(2).normal(size=(2, 14)).astype(np.float32)
    labels = np.zeros(2, dtype=np.int64)
    sampled = explain(package, matrix, labels, clock=lambda: 0.0)
    monkeypatch.setattr(module, "MOST_EXACT_FEATURES", 14)
    for rough, sharp in zip(sampled, explain(package, matrix, labels), strict=True):
        assert sharp.errors is None
        assert (np.abs(rough.values - sharp.values) <= 5 * rough.errors + 1e-6).all()
        assert rough.errors.max() < 0.1
        assert rough.base + rough.values.sum() == pytest.approx(sharp.base + sharp.values.sum(), abs=1e-5)


def test_the_time_budget_ends_the_sampling_and_two_pairs_are_always_drawn():
    time = iter(range(0, 10_000, 10))
    matrix = np.zeros((1, 14), dtype=np.float32)
    (why,) = explain(wide_package(), matrix, np.zeros(1, dtype=np.int64), clock=lambda: float(next(time)))
    assert np.isfinite(why.errors).all()
    assert next(time) < 100


def test_more_rows_than_the_budget_holds_are_refused():
    matrix = np.zeros((100_000, 4), dtype=np.float32)
    for seconds, most in ((2.0, 15625), (1.0, 7812)):
        with pytest.raises(BodyTooLarge, match=f"{most} can be at once"):
            explain(package_of("regression"), matrix, np.zeros(len(matrix), dtype=np.int64), budget_seconds=seconds)


def test_a_package_without_background_says_so():
    package = package_of("binary")
    bare = dataclasses.replace(package, manifest=dataclasses.replace(package.manifest, background=()))
    with pytest.raises(BadRequest, match="no background"):
        explain(bare, np.zeros((1, 4), dtype=np.float32), np.zeros(1, dtype=np.int64))


def test_the_background_stands_in_the_manifest_and_old_manifests_have_none():
    manifest = tiny_package()[1]
    assert Manifest.from_bytes(manifest.to_bytes()).background == manifest.background
    bare = dataclasses.replace(manifest, background=())
    assert b"background" not in bare.to_bytes()
    assert Manifest.from_bytes(bare.to_bytes()).background == ()
