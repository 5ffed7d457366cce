"""What `sam build` left in .aws-sam/build: the folder of each function and of its layers."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".aws-sam/build"
RUNTIME = ROOT / ".tools/runtime"  # what Lambda itself brings: its client and boto3


@cache
def resources() -> dict[str, Any]:
    """The resources of the built template."""
    return dict(yaml_parse((BUILD / "template.yaml").read_text())["Resources"])


def function_names() -> list[str]:
    """Logical ids of all functions."""
    return sorted(n for n, r in resources().items() if r["Type"] == "AWS::Serverless::Function")


def layer_names() -> list[str]:
    """Logical ids of all layers."""
    return sorted(n for n, r in resources().items() if r["Type"] == "AWS::Serverless::LayerVersion")


def layer_folder(name: str) -> Path:
    """Where the layer was built."""
    return BUILD / str(resources()[name]["Properties"]["ContentUri"])


def function_folder(name: str) -> Path:
    """Where the function was built."""
    return BUILD / str(resources()[name]["Properties"]["CodeUri"])


def layers_of(function: str) -> list[str]:
    """The layers of a function, in their order."""
    return [layer["Ref"] for layer in resources()[function]["Properties"]["Layers"]]


def megabytes(folder: Path) -> float:
    """Size of all files, as Lambda's limit counts them."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def python(function: str, *arguments: str) -> str:
    """Run Python with what the function would see in Lambda, and nothing of this machine's packages."""
    path = [function_folder(function), *(layer_folder(n) / "python" for n in layers_of(function)), RUNTIME]
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    command = [os.environ["PYTHON313"], "-S", *arguments]
    folder = function_folder(function)
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
