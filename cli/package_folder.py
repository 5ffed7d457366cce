"""A model package as a folder on disk: read it, prove it, and make it ready for the registry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scorelet.errors import ContractError
from scorelet.manifest import MANIFEST_FILE, SIGNATURE_FILE
from scorelet.package import ModelPackage, load_package
from scorelet.signing import sign

from training.quiet import quiet


def read_package(folder: Path) -> ModelPackage:
    """Load the package as serving would, digests and golden records included; raises ScoreletError."""
    if not (folder / MANIFEST_FILE).is_file():
        raise ContractError(f"{folder} holds no {MANIFEST_FILE}", remedy="Give the folder `scorelet train` printed.")
    with quiet():  # LiteRT announces its kernels on standard error
        return load_package(lambda name: (folder / name).read_bytes(), expected_digest=None, public_key=None)


def files_to_publish(folder: Path, version: int, private_key: bytes | None) -> dict[str, bytes | Path]:
    """The package's files under `version`, signed where a key is given. The folder itself stays as it is."""
    manifest = replace(read_package(folder).manifest, version=version)
    body = manifest.to_bytes()
    files: dict[str, bytes | Path] = {name: folder / name for name in manifest.files}
    files[MANIFEST_FILE] = body
    if private_key:
        files[SIGNATURE_FILE] = sign(private_key, body)
    return files
