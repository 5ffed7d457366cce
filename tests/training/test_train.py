import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scorelet.errors import AlreadyExists
from scorelet.features import columns_from_records, encode
from scorelet.manifest import MODEL_FILE, digest
from scorelet.model import TfliteModel
from scorelet.package import load_package
from scorelet.sketch import LABEL, SCORE

from tests.training.conftest import CONFIGS, small_config
from training import data
from training.config import load
from training.evaluate import split

if TYPE_CHECKING:
    from training.train import Step

TASKS = ["iris", "loans", "diabetes"]


@pytest.fixture(params=TASKS)
def package(request):
    """Each kind of task in turn."""
    return request.getfixturevalue(request.param)


def test_serving_loads_the_package_and_its_golden_records_replay(package):
    loaded = load_package(package.read, expected_digest=digest(package.body), public_key=None)
    assert 8 <= len(loaded.manifest.golden.records) <= 12


def test_the_manifest_lists_every_file_with_its_digest(package):
    manifest = package.manifest
    on_disk = {p.relative_to(package.path).as_posix() for p in package.path.rglob("*") if p.is_file()}
    assert on_disk == {*manifest.files, "manifest.json"}
    assert {"model.tflite", "model.keras", "report.html", "saved_model/1/saved_model.pb"} <= on_disk
    for name, entry in manifest.files.items():
        body = package.read(name)
        assert entry.size == len(body)
        assert entry.digest == "sha256:" + hashlib.sha256(body).hexdigest()


def test_the_chosen_scheme_is_what_the_file_holds(package):
    quantization = package.manifest.quantization
    chosen = next(row for row in quantization["parity"] if row["scheme"] == quantization["scheme"])
    assert chosen["size_bytes"] == package.manifest.files[MODEL_FILE].size
    assert chosen["failed_gates"] == []
    assert quantization["scheme"] == "int8"
    assert [row["scheme"] for row in quantization["parity"]] == ["int8", "float16", "dynamic", "float32"]
    assert "FULLY_CONNECTED:int8" in quantization["ops"]


def test_the_baseline_counts_every_training_row_and_every_unseen_answer(package):
    counts, metrics = package.manifest.baseline.counts, package.manifest.metrics
    learned, held_out = metrics["out_of_fold"]["rows"], metrics["held_out"]["rows"]
    for feature in package.manifest.signature.features:
        assert counts[feature.name].sum() == learned
        assert (counts[feature.name][-1] > 0) == feature.nullable
    assert counts[SCORE].sum() == counts[LABEL].sum() == learned + held_out


def test_metrics_are_there_with_intervals_for_both_kinds_of_unseen_rows(package):
    for part in ("held_out", "out_of_fold"):
        for name, entry in package.manifest.metrics[part]["metrics"].items():
            assert np.isfinite(entry["value"]), name
            assert entry["low"] is None or entry["low"] <= entry["value"] <= entry["high"], name


def test_the_models_are_good_enough_to_be_real(iris, loans, diabetes):
    assert iris.manifest.metrics["out_of_fold"]["metrics"]["accuracy"]["value"] > 0.9
    assert loans.manifest.metrics["out_of_fold"]["metrics"]["roc_auc"]["value"] > 0.8
    assert diabetes.manifest.metrics["out_of_fold"]["metrics"]["r2"]["value"] > 0.3


def test_golden_records_hold_extremes_and_nulls(loans, iris):
    assert any(record["income"] is None and record["region"] is None for record in loans.manifest.golden.records)
    lengths = [record["petal_length"] for record in iris.manifest.golden.records]
    assert min(lengths) == 1.0
    assert max(lengths) == 6.9
    assert len({tuple(r.values()) for r in iris.manifest.golden.records}) == len(iris.manifest.golden.records)


def test_golden_records_are_rows_on_which_all_kernels_agree(package):
    from training.golden import TOLERANCE, kernel_disagreement

    manifest = package.manifest
    matrix = encode(manifest.signature, columns_from_records(manifest.signature, manifest.golden.records)).matrix
    moved = kernel_disagreement(manifest.signature, package.read(MODEL_FILE), matrix)
    assert moved.max() <= manifest.golden.tolerance / 4
    if manifest.signature.labels:
        assert manifest.golden.tolerance == TOLERANCE


def test_lineage_says_how_to_make_it_again(iris):
    lineage = iris.manifest.lineage
    dataset = data.load(load(CONFIGS / "iris.toml"))
    assert lineage["data"] == {"source": "sklearn:iris", "rows": 150, "digest": dataset.digest}
    assert lineage["seed"] == 7
    assert {"python", "tensorflow", "keras", "numpy", "scikit-learn", "scorelet"} < set(lineage["libraries"])


def test_the_keras_file_and_the_saved_model_answer_like_the_served_one(package):
    from training.tensorflow import keras, tf

    manifest = package.manifest
    matrix = encode(manifest.signature, columns_from_records(manifest.signature, manifest.golden.records)).matrix
    from_keras = keras.models.load_model(package.path / "model.keras")(matrix).numpy()
    endpoint = tf.saved_model.load(str(package.path / "saved_model" / "1")).signatures["serving_default"]
    (from_saved,) = endpoint(instances=tf.constant(matrix)).values()
    served = TfliteModel(package.read(MODEL_FILE)).run(matrix)
    scale = 1.0 if manifest.signature.labels else 77.0
    assert np.abs(from_keras - from_saved.numpy()).max() / scale < 1e-5
    inside = slice(2, None)  # the first two are corners, where an int8 regression saturates
    assert np.abs(from_keras - served)[inside].max() / scale < 0.15


def test_the_same_run_gives_the_same_model_and_tells_its_steps(tmp_path, diabetes):
    from training.train import train

    steps: list[Step] = []
    created = datetime(2024, 5, 1, tzinfo=UTC)
    again = train(small_config("diabetes"), tmp_path, version=3, created=created, on_step=steps.append)
    assert (again.path / MODEL_FILE).read_bytes() == diabetes.read(MODEL_FILE)
    assert again.manifest.golden == diabetes.manifest.golden
    assert again.manifest.metrics == diabetes.manifest.metrics
    assert again.manifest.lineage == diabetes.manifest.lineage
    assert again.manifest.created == "2024-05-01T00:00:00Z"
    assert again.path == tmp_path / "diabetes" / "3"
    assert again.digest == digest((again.path / "manifest.json").read_bytes())
    assert [step.number for step in steps] == list(range(1, 8))
    assert {step.total for step in steps} == {7}
    assert [s.name for s in steps] == ["data", "fit", "quantize", "fold", "fold", "evaluate", "package"]


def test_a_version_is_never_overwritten(iris):
    from training.package import write_package

    with pytest.raises(AlreadyExists, match="exists already"):
        write_package(iris.path, iris.manifest, b"", None, "")


def test_a_package_appears_whole_or_not_at_all(tmp_path, iris):
    from training.package import write_package

    class Broken:
        def save(self, path):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_package(tmp_path / "m" / "1", iris.manifest, b"x", Broken(), "")
    assert not (tmp_path / "m" / "1").exists()


def test_a_gate_that_int8_fails_changes_what_is_served():
    from training.fit import fit
    from training.train import quantize_and_gate

    config = small_config("iris", model={"hidden": [8], "epochs": 5, "learning_rate": 0.02})
    strict = replace(config, quantization=replace(config.quantization, largest_output_difference=1e-6))
    learn, held_out = split(data.load(config), config.evaluation, 1)
    model = fit(learn.signature, config.model, learn.matrix, learn.target)
    contents, parity, chosen = quantize_and_gate(strict, model, learn, held_out)
    failed = {row.scheme: bool(row.failed_gates) for row in parity}
    assert failed["int8"]
    assert not failed["float32"]
    assert chosen.scheme in ("float32", "dynamic")
    assert chosen.size_bytes == len(contents[chosen.scheme])
