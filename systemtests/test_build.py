"""The built layers: small, complete, for the right runtime, and nothing in them that does not belong."""

import importlib.util
import json
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from systemtests.built import (
    ROOT,
    function_folder,
    function_names,
    layer_folder,
    layer_names,
    layers_of,
    megabytes,
    python,
)
from tools.licences import TRIMMED, plain

FORBIDDEN = [
    "tensorflow",
    "keras",
    "h5py",
    "joblib",
    "pandas",
    "pyarrow",
    "sklearn",
    "google.protobuf",
    "training",
    "cli",
]
MODELS = sorted((ROOT / "tests/data").glob("*.tflite"))


def _total(function: str) -> float:
    return megabytes(function_folder(function)) + sum(megabytes(layer_folder(n)) for n in layers_of(function))


def test_sizes_stay_within_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    layers = {name: megabytes(layer_folder(name)) for name in layer_names()}
    functions = {name: _total(name) for name in function_names()}
    with capsys.disabled():
        print("\nunzipped, MB")
        for name, size in {**layers, **functions}.items():
            print(f"  {name + (' with its layers' if name in functions else ''):40}{size:7.1f}")
    assert layers["LitertLayer"] <= 65
    assert max(functions.values()) <= 200


@pytest.mark.parametrize("function", function_names())
def test_the_function_imports_with_its_own_layers_only(function: str) -> None:
    assert python(function, "-c", "import app; print(callable(app.handler))") == "True\n"


@pytest.mark.parametrize("function", function_names())
def test_nothing_forbidden_can_be_imported(function: str) -> None:
    code = f"""
import importlib.util, json
def there(name):
    try: return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError: return False
print(json.dumps([name for name in {FORBIDDEN} if there(name)]))
"""
    assert json.loads(python(function, "-c", code)) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.stem)
def test_a_real_model_answers_on_the_trimmed_layer_as_it_does_here(model: Path) -> None:
    script = [str(ROOT / "systemtests/answer.py"), str(model)]
    here = subprocess.run([sys.executable, *script], capture_output=True, text=True, check=True)
    there_name, there = json.loads(python("PredictFunction", *script))
    here_name, wanted = json.loads(here.stdout)
    assert there_name == here_name == "ai-edge-litert"
    assert there == [pytest.approx(row, abs=1e-6) for row in wanted]


@pytest.mark.parametrize("layer", layer_names())
def test_every_module_is_compiled_and_never_checked_again(layer: str) -> None:
    for source in (layer_folder(layer) / "python").rglob("*.py"):
        compiled = Path(
            importlib.util.cache_from_source(str(source)).replace(sys.implementation.cache_tag or "", "cpython-313")
        )
        assert compiled.exists(), source
        assert compiled.read_bytes()[4:8] == (1).to_bytes(4, "little"), f"{compiled} asks for its source"


@pytest.mark.parametrize("layer", layer_names())
def test_native_code_is_for_one_processor(layer: str) -> None:
    machines = {f.read_bytes()[18:20] for f in layer_folder(layer).rglob("*.so*") if f.read_bytes()[:4] == b"\x7fELF"}
    assert len(machines) <= 1


@pytest.mark.parametrize("layer", ["base", "litert", "duckdb"])
def test_a_layer_holds_what_its_lock_names_less_what_is_trimmed(layer: str) -> None:
    there = {plain(d.name) for d in distributions(path=[str(layer_folder(f"{layer.title()}Layer") / "python")])}
    locked = re.findall(r"^([\w.-]+)==", (ROOT / f"layers/{layer}/requirements.txt").read_text(), re.MULTILINE)
    assert there == {plain(name) for name in locked} - TRIMMED


@pytest.mark.parametrize("layer", layer_names())
def test_licences_travel_with_the_code(layer: str) -> None:
    for info in (layer_folder(layer) / "python").glob("*.dist-info"):
        files = {f.name.lower() for f in info.rglob("*")}
        assert any("licen" in f or "copying" in f or f == "metadata" for f in files), info.name
