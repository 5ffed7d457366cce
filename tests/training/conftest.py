"""One trained package per kind of task for all tests here, made once per test run, whichever worker asks first."""

import fcntl
from pathlib import Path

import numpy as np
import pytest
from scorelet.manifest import MANIFEST_FILE, Manifest

from training.config import TrainingConfig, load, parse

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
QUICK = {"evaluation": {"folds": 2, "resamples": 200}}


def small_config(name: str, **sections: dict[str, object]) -> TrainingConfig:
    """A config over one of scikit-learn's sets that trains in about three seconds."""
    documents: dict[str, dict[str, object]] = {
        "iris": {"task": "multiclass", "target": "species"},
        "breast_cancer": {"task": "binary", "target": "diagnosis", "labels": ["benign", "malignant"]},
        "diabetes": {"task": "regression", "target": "progression"},
    }
    model = {"hidden": [16, 8], "epochs": 15, "learning_rate": 0.01, "batch_size": 32}
    data = {"sklearn": name}
    return parse({"name": name, "data": data, "model": model, **QUICK, **documents[name], **sections})


def write_loans(path: Path, rows: int = 240) -> Path:
    """A CSV file with every type of feature, nulls, and features of very different scale; `repaid` is learnable."""
    random = np.random.default_rng(3)
    lines = ["income,age,member,region,rate,repaid"]
    for _ in range(rows):
        income, age, rate = random.uniform(1e4, 2e5), int(random.integers(18, 90)), random.uniform(0.001, 0.05)
        member, region = bool(random.random() < 0.5), ("north", "south", "far, east")[int(random.integers(3))]
        repaid = "yes" if (rate < 0.025) != (region == "south" and not member) else "no"
        shown = "" if random.random() < 0.1 else f"{income:.2f}"
        place = "" if random.random() < 0.05 else f'"{region}"'
        lines.append(f"{shown},{age},{str(member).lower()},{place},{rate:.5f},{repaid}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def loans_config(table: Path) -> TrainingConfig:
    return parse(
        {
            "name": "loans",
            "task": "binary",
            "target": "repaid",
            "labels": ["no", "yes"],
            "data": {"table": str(table)},
            "model": {"hidden": [16, 8], "epochs": 40, "learning_rate": 0.01, "batch_size": 32},
            **QUICK,
        }
    )


class Package:
    """A written package, read back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.body = (path / MANIFEST_FILE).read_bytes()
        self.manifest = Manifest.from_bytes(self.body)

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    folder = shared / "trained"
    folder.mkdir(exist_ok=True)
    return folder


def _trained_once(folder: Path, config: TrainingConfig) -> Package:
    from training.train import train

    path = folder / config.name / "1"
    with (folder / f"{config.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            train(config, folder, version=1)
    return Package(path)


@pytest.fixture(scope="session")
def iris(packages: Path) -> Package:
    """The iris example itself, as the demo trains it."""
    return _trained_once(packages, load(CONFIGS / "iris.toml"))


@pytest.fixture(scope="session")
def loans(packages: Path) -> Package:
    """A binary model with nulls, categories and a bool, from a CSV file."""
    table = packages / "loans.csv"
    return _trained_once(packages, loans_config(write_loans(table)))


@pytest.fixture(scope="session")
def diabetes(packages: Path) -> Package:
    """A regression."""
    return _trained_once(packages, small_config("diabetes"))
