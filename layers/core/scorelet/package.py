"""Load a model package so that nothing unverified ever answers: signature, digests, load, golden replay, in that order.

A mutated .tflite file usually still loads and answers wrongly, so the digests are the defence, not the parser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scorelet.errors import ObjectMissing, PackageRefused
from scorelet.features import Column, Encoded, columns_from_records, encode
from scorelet.manifest import MANIFEST_FILE, MODEL_FILE, SIGNATURE_FILE, Manifest, digest
from scorelet.model import TfliteModel
from scorelet.predict import Predictions, predict
from scorelet.signature import Signature
from scorelet.signing import verify

ReadFile = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A verified model, ready to answer. `size` is that of its manifest and model in bytes."""

    manifest: Manifest
    digest: str
    model: TfliteModel
    size: int = 0

    @property
    def signature(self) -> Signature:
        """What a record must look like."""
        return self.manifest.signature

    def encode(self, columns: Mapping[str, Column]) -> Encoded:
        """Judge n rows by the signature."""
        return encode(self.signature, columns)

    def predict(self, encoded: Encoded) -> Predictions:
        """Answer the valid rows, in order."""
        return predict(self.signature, self.model, encoded.scored)

    def answer(self, columns: Mapping[str, Column]) -> tuple[Encoded, Predictions]:
        """Encode n rows and answer those that are valid, in order: the one path of API and batch."""
        encoded = self.encode(columns)
        return encoded, self.predict(encoded)


def load_package(read: ReadFile, *, expected_digest: str | None, public_key: bytes | None) -> ModelPackage:
    """Read, verify and load a package whose files `read(name)` returns; raises PackageRefused.

    `expected_digest` is the digest the registry's alias names (None: trust the manifest as it lies there).
    """
    try:
        return _load(read, expected_digest, public_key)
    except ObjectMissing as error:
        raise PackageRefused(f"a file of the package is missing: {error}") from error


def _load(read: ReadFile, expected_digest: str | None, public_key: bytes | None) -> ModelPackage:
    body = read(MANIFEST_FILE)
    found = digest(body)
    if expected_digest is not None and found != expected_digest:
        raise PackageRefused(f"manifest.json is {found}, the registry names {expected_digest}")
    if public_key:
        verify(public_key, body, read(SIGNATURE_FILE))
    manifest = Manifest.from_bytes(body)
    content = _verified(read, manifest, MODEL_FILE)
    model = TfliteModel(content)
    if model.width != len(manifest.signature.features):
        raise PackageRefused(
            f"the model takes {model.width} columns, its signature has {len(manifest.signature.names)}"
        )
    package = ModelPackage(manifest, found, model, len(body) + len(content))
    replay_golden(package)
    return package


def _verified(read: ReadFile, manifest: Manifest, name: str) -> bytes:
    entry = manifest.files.get(name)
    if entry is None:
        raise PackageRefused(f"manifest.json does not list {name}")
    body = read(name)
    if len(body) != entry.size or digest(body) != entry.digest:
        raise PackageRefused(f"{name} is not the file that manifest.json describes")
    return body


def replay_golden(package: ModelPackage) -> None:
    """Answer the golden records; raises PackageRefused when an answer differs by more than the tolerance."""
    golden = package.manifest.golden
    if not golden.records:
        raise PackageRefused("the package holds no golden records")
    encoded, answers = package.answer(columns_from_records(package.signature, golden.records))
    if not encoded.valid.all():
        raise PackageRefused("a golden record does not fit the package's own signature")
    wanted = np.array(golden.outputs, dtype=np.float64)
    if wanted.shape != answers.outputs.shape:
        raise PackageRefused(f"golden answers have shape {wanted.shape}, the model gives {answers.outputs.shape}")
    difference = float(np.abs(wanted - answers.outputs).max())
    if not difference <= golden.tolerance:
        raise PackageRefused(f"golden answers differ by {difference:.3g}, more than {golden.tolerance:.3g}")
