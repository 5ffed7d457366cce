"""The model package's manifest: everything serving needs to know of a model, and the digests that pin its files.

The digest of a package is the SHA-256 of its manifest.json, which in turn holds the SHA-256 of every other file. One
string therefore pins all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scorelet.errors import ContractError
from scorelet.signature import Signature
from scorelet.sketch import Baseline

SCHEMA_VERSION = 1
MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.sig"
MODEL_FILE = "model.tflite"


def digest(body: bytes) -> str:
    """The name of these bytes: `sha256:<hex>`."""
    return "sha256:" + hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size in bytes and digest of one file of the package."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Golden:
    """Records with the answers that the packaged model gave in training; replayed whenever the package is loaded.

    `outputs` holds one list per record: the class probabilities (binary: of both classes), or the value of a
    regression. `tolerance` is the largest absolute difference allowed.
    """

    records: tuple[Mapping[str, Any], ...]
    outputs: tuple[tuple[float, ...], ...]
    tolerance: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of one model version. See docs/model-package.md for the JSON form."""

    name: str
    version: int
    created: str
    signature: Signature
    baseline: Baseline
    golden: Golden
    files: Mapping[str, FileEntry]
    quantization: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] | None = None
    lineage: Mapping[str, Any] = field(default_factory=dict)
    background: tuple[Mapping[str, Any], ...] = ()  # records that explanations compare with
    file_settings: Mapping[str, Any] = field(default_factory=dict)  # how dropped files are read, unless they say else

    def to_bytes(self) -> bytes:
        """The canonical manifest.json: sorted keys, no NaN, one newline at the end."""
        document = {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "version": self.version,
            "created": self.created,
            "task": self.signature.task,
            "signature": self.signature.to_json(),
            "baseline": self.baseline.to_json(),
            "golden": {
                "records": [dict(r) for r in self.golden.records],
                "outputs": [list(o) for o in self.golden.outputs],
                "tolerance": self.golden.tolerance,
            },
            "files": {name: {"size": f.size, "digest": f.digest} for name, f in self.files.items()},
            "quantization": dict(self.quantization),
            "metrics": dict(self.metrics),
            "preprocessing": dict(self.preprocessing),
            "calibration": self.calibration,
            "lineage": dict(self.lineage),
        }
        if self.background:
            document["background"] = [dict(r) for r in self.background]
        if self.file_settings:
            document["file_settings"] = dict(self.file_settings)
        return (json.dumps(document, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> Manifest:
        """Read manifest.json; raises ContractError that says what is malformed."""
        try:
            data = json.loads(body)
            if data["schema_version"] != SCHEMA_VERSION:
                raise ContractError(
                    f"manifest schema {data['schema_version']!r} is not {SCHEMA_VERSION}, the one read here"
                )
            golden = data["golden"]
            return cls(
                name=str(data["name"]),
                version=int(data["version"]),
                created=str(data["created"]),
                signature=Signature.from_json(data["signature"]),
                baseline=Baseline.from_json(data["baseline"]),
                golden=Golden(
                    tuple(golden["records"]),
                    tuple(tuple(o) for o in golden["outputs"]),
                    float(golden["tolerance"]),
                ),
                files={n: FileEntry(int(f["size"]), str(f["digest"])) for n, f in data["files"].items()},
                quantization=data["quantization"],
                metrics=data["metrics"],
                preprocessing=data["preprocessing"],
                calibration=data["calibration"],
                lineage=data["lineage"],
                background=tuple(data.get("background", ())),
                file_settings=dict(data.get("file_settings", {})),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(f"manifest.json cannot be read: {error!r}") from error
