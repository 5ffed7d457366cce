"""Where a model comes from: data, code, libraries, seed and settings, so that it can be made again."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scorelet import __version__
from scorelet.model import runtime

from training.config import TrainingConfig
from training.data import Dataset

_LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn")


def lineage(config: TrainingConfig, dataset: Dataset) -> dict[str, Any]:
    """The lineage section of the manifest. `git` is None outside a checkout."""
    parity_runtime = runtime()[0]
    return {
        "data": {"source": dataset.source, "rows": len(dataset), "digest": dataset.digest},
        "git": git_state(Path(__file__).parent),
        "libraries": {
            "python": platform.python_version(),
            "scorelet": __version__,
            **{name: version(name) for name in (*_LIBRARIES, parity_runtime)},
        },
        "machine": platform.machine(),
        "seed": config.model.seed,
        "config": {
            "labels": list(dataset.signature.labels),
            "model": {**asdict(config.model), "hidden": list(config.model.hidden)},
            "evaluation": asdict(config.evaluation),
            "quantization": asdict(config.quantization),
            "baseline_bins": config.baseline_bins,
        },
    }


def git_state(folder: Path) -> dict[str, Any] | None:
    """The commit of the checkout that holds `folder`, and whether files differ from it."""
    revision = _git(folder, "rev-parse", "HEAD")
    if revision is None:
        return None
    return {"revision": revision, "clean": _git(folder, "status", "--porcelain", "--untracked-files=no") == ""}


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *words],  # noqa: S607 - the git of whoever trains
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
