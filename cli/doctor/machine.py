"""This machine: what `make build` and `sam deploy` need."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from cli.doctor.findings import Finding, ok, warn

SUPPORTED = ((3, 11), (3, 12), (3, 13))
RUNTIME = "python3.13"
LIMIT_MB, BUDGET_MB = 250, 200


def python() -> Finding:
    """The Python that runs this command."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in SUPPORTED:
        return ok("python", version)
    return warn("python", f"{version} is not tested", "Use Python 3.11, 3.12 or 3.13: make PYTHON=python3.11 setup")


def runtime(path: str | None = None) -> Finding:
    """The functions' Python, which compiles the layers."""
    for found in filter(None, (shutil.which(RUNTIME, path=path), _pyenv(path))):
        if subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:  # noqa: S603 - pyenv's shim may lead nowhere
            return ok("build python", found)
    return warn("build python", f"no {RUNTIME} here", f"`make build` needs one: put {RUNTIME} on the PATH.")


def _pyenv(path: str | None) -> str | None:
    """What pyenv keeps off the PATH."""
    pyenv = shutil.which("pyenv", path=path)
    if pyenv is None:
        return None
    root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - the person's own pyenv
    found = sorted(Path(root).glob(f"versions/3.13.*/bin/{RUNTIME}"))
    return str(found[-1]) if root and found else None


def sam(root: Path, path: str | None = None) -> Finding:
    """The AWS SAM CLI."""
    ours = root / ".venv-sam/bin/sam"
    found = str(ours) if ours.exists() else shutil.which("sam", path=path)
    if found:
        return ok("sam", found)
    return warn("sam", "no SAM CLI here", "`make build` installs the locked one into .venv-sam.")


def sizes(build: Path) -> Finding:
    """What `make build` left, unzipped: Lambda refuses a function with its layers above 250 MB."""
    if not (build / "template.yaml").exists():
        return warn("sizes", "nothing is built here", "Run `make build` to see what would be deployed.")
    largest, size = max(_totals(build).items(), key=lambda item: item[1])
    detail = f"{largest} with its layers is the largest: {size:.0f} MB of {LIMIT_MB} unzipped"
    if size <= BUDGET_MB:
        return ok("sizes", detail)
    return warn("sizes", detail, f"Trim layers/*/requirements.in: the budget is {BUDGET_MB} MB.")


def _totals(build: Path) -> dict[str, float]:
    from samtranslator.yaml_helper import yaml_parse

    resources = yaml_parse((build / "template.yaml").read_text())["Resources"]
    functions = {n: r for n, r in resources.items() if r["Type"] == "AWS::Serverless::Function"}
    return {
        name: sum(_megabytes(build / part) for part in (name, *(layer["Ref"] for layer in f["Properties"]["Layers"])))
        for name, f in functions.items()
    }


def _megabytes(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6
