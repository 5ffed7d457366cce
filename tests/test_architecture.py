"""The import rules of the design: what runs in Lambda stays small, and each outside library has one door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "layers/core/scorelet"
CORE_FILES = sorted(CORE.rglob("*.py"))
FUNCTION_FILES = sorted((ROOT / "functions").rglob("*.py"))
DEPLOYED = CORE_FILES + FUNCTION_FILES

NEVER_DEPLOYED = {"tensorflow", "keras", "pickle", "joblib", "h5py", "sklearn", "pandas", "training", "cli", "moto"}
TFLITE = {"ai_edge_litert", "tflite_runtime", "tensorflow"}


def _imports(file: Path) -> Iterator[str]:
    """Every module a file imports, wherever in it, also through importlib."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def _roots(file: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(file)}


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", DEPLOYED, ids=_name)
def test_nothing_deployed_imports_what_only_training_may(file: Path) -> None:
    assert not _roots(file) & NEVER_DEPLOYED


@pytest.mark.parametrize("file", CORE_FILES, ids=_name)
def test_each_outside_library_has_one_door(file: Path) -> None:
    roots = _roots(file)
    if not file.name.startswith("aws"):
        assert not roots & {"boto3", "botocore", "s3transfer"}
    if file.name != "model.py":
        assert not roots & TFLITE
    if file.name not in {"text_engine.py", "duck.py", "window.py"}:
        assert "duckdb" not in roots


@pytest.mark.parametrize("file", CORE_FILES, ids=_name)
def test_the_core_does_not_know_the_functions(file: Path) -> None:
    assert "functions" not in _roots(file)


@pytest.mark.parametrize("file", FUNCTION_FILES, ids=_name)
def test_a_function_is_one_module_that_wires(file: Path) -> None:
    assert file.name == "app.py"
    assert not _roots(file) & {"boto3", "botocore", "duckdb", "numpy", *TFLITE}


def test_what_predict_loads_before_its_first_request_leaves_boto3_and_pydantic_out() -> None:
    seen, waiting = set[str](), {"functions.predict.app"}
    while waiting:
        module = waiting.pop()
        seen.add(module)
        file = _file(module)
        if file:
            waiting |= {m for m in _imports(file) if m not in seen}
    assert not {m.split(".")[0] for m in seen} & {"boto3", "botocore", "pydantic", "duckdb"}


def _file(module: str) -> Path | None:
    for base in (ROOT, ROOT / "layers/core"):
        path = base.joinpath(*module.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


@pytest.mark.parametrize("file", [f for f in ROOT.glob("[cft]*/**/*.py") if "/.venv" not in str(f)], ids=_name)
def test_nothing_edits_the_module_path(file: Path) -> None:
    assert "sys.path" not in {
        ast.unparse(n) for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Attribute)
    }
