"""The manifest of a run: what was read, by which model, how many rows went where, and the digest of every output."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.batch_keys import Target
from scorelet.batch_score import Totals
from scorelet.comparison import PURPOSE
from scorelet.errors import TooManyRejects
from scorelet.events.s3 import S3Object
from scorelet.package import ModelPackage

SCHEMA_VERSION = 1
UNREADABLE = "unreadable"

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One object, the model that scores it, the settings, and the id that follows from them."""

    obj: S3Object
    target: Target
    id: str
    package: ModelPackage | None
    settings: Mapping[str, Any]


def part_of(path: Path, key: str, rows: int) -> Part:
    """A manifest's entry for an output file."""
    with path.open("rb") as file:
        digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    return {"key": key, "size": path.stat().st_size, "digest": digest, "rows": rows}


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """The JSON text: sorted keys, no NaN, one newline at the end."""
    return (json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def describe_run(run: Run, totals: Totals, parts: Sequence[Part], rejects: Sequence[Part]) -> dict[str, Any]:
    """The manifest; the same for every way of cutting the file but for `parts` and `rejects`."""
    obj, described = run.obj, run.package and run.package.manifest
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "source": {
            "bucket": obj.bucket,
            "key": obj.key,
            "version_id": obj.version_id,
            "etag": obj.etag,
            "size": obj.size,
        },
        "run": run.id,
        "model": {
            "name": run.target.model,
            "version": described.version if described else None,
            "digest": run.package.digest if run.package else None,
        },
        "settings": dict(run.settings),
        "read_as": totals.read_as,
        "rows_in": totals.rows_in,
        "rows_scored": totals.rows_scored,
        "rows_rejected": totals.rows_in - totals.rows_scored,
        "rejects_by_code": dict(totals.rejects_by_code or {}),
        "parts": list(parts),
        "rejects": list(rejects),
        "sketch": {name: counts.tolist() for name, counts in (totals.sketch or {}).items()},
        "time": obj.time,
        "status": _status(totals, float(run.settings["max_reject_rate"])),
    }
    if PURPOSE in run.settings:
        manifest[PURPOSE] = run.settings[PURPOSE]
    if totals.problem is not None:
        manifest["error"] = {"code": totals.problem.code, "reason": str(totals.problem)}
    return manifest


def _status(totals: Totals, max_reject_rate: float) -> str:
    if totals.problem is not None:
        return UNREADABLE
    rejected = totals.rows_in - totals.rows_scored
    return TooManyRejects.code if rejected > max_reject_rate * totals.rows_in else "scored"
