"""One dropped file to its scored rows, its rejects and the manifest that commits them, with exactly one effect.

Every output lies under the run's id, and its bytes follow from the object, the model and the settings alone. So workers
may be killed, repeated or run side by side: they write the same parts, and one of them writes the manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scorelet.batch_keys import MANIFEST, PART, Target, output_key, run_id, target_of
from scorelet.batch_pin import ServedModels, pinned_package
from scorelet.batch_score import BatchOptions, Totals, score_file, write_file_problem
from scorelet.errors import ContractError, ModelNotFound, TooManyRejects, UnreadableFile
from scorelet.events.s3 import S3Object
from scorelet.package import ModelPackage
from scorelet.registry import check_name
from scorelet.store import ObjectStore

SCHEMA_VERSION = 1
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an object. `committed` is True for the one worker that wrote the manifest, which it holds."""

    model: str
    run: str
    committed: bool
    manifest: Mapping[str, Any] | None = None


def score_object(obj: S3Object, store: ObjectStore, models: ServedModels, options: BatchOptions) -> Outcome:
    """Score one object, or find that it is done already.

    A file that no retry can help is committed as unreadable. Raises EventError for a key outside incoming/<model>/,
    ObjectMissing, PackageRefused and whatever the store raises: those deliveries are to be repeated.
    """
    target = target_of(obj.key)
    package, problem = _package(obj, target, store, models)
    run = run_id(obj, package.digest if package else None, options.settings())
    if store.exists(obj.bucket, output_key("scored", target, run, MANIFEST)):
        return Outcome(target.model, run, committed=False)
    with TemporaryDirectory(dir=options.scratch) as folder:
        work = _Work(obj, target, run, package, Path(folder), options)
        totals = Totals(problem=problem) if package is None else work.score(store, package)
        return work.commit(store, totals)


def _package(
    obj: S3Object, target: Target, store: ObjectStore, models: ServedModels
) -> tuple[ModelPackage | None, ModelNotFound | None]:
    """The package, or why there is none that a retry could find."""
    try:
        check_name(target.model)
    except ContractError as error:
        return None, ModelNotFound(f"no model can have the name in the key: {error}")
    try:
        return pinned_package(obj, target, store, models), None
    except ModelNotFound as error:
        return None, error


@dataclass(frozen=True, slots=True)
class _Work:
    obj: S3Object
    target: Target
    run: str
    package: ModelPackage | None
    folder: Path
    options: BatchOptions

    def score(self, store: ObjectStore, package: ModelPackage) -> Totals:
        """Download the object and write its outputs into the folder."""
        source = self.folder / "source"
        store.download(self.obj.bucket, self.obj.key, source, self.obj.version_id)
        try:
            return score_file(source, package, self.folder, self.options)
        except UnreadableFile as error:
            return Totals(problem=error)
        finally:
            source.unlink()

    def commit(self, store: ObjectStore, totals: Totals) -> Outcome:
        """Upload the parts, then the manifest, unless somebody else was first."""
        if totals.problem is not None:
            write_file_problem(self.folder, totals.problem)
        parts = {kind: self._upload(store, kind, rows) for kind, rows in self._parts(totals).items()}
        manifest = self._manifest(totals, parts)
        body = (json.dumps(manifest, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
        key = output_key("scored", self.target, self.run, MANIFEST)
        committed = store.put_if_absent(self.obj.bucket, key, body, "application/json")
        return Outcome(self.target.model, self.run, committed, manifest)

    def _parts(self, totals: Totals) -> dict[str, int]:
        if totals.problem is not None:
            return {"rejected": 0}
        return {"scored": totals.rows_scored, "rejected": totals.rows_in - totals.rows_scored}

    def _upload(self, store: ObjectStore, kind: str, rows: int) -> dict[str, Any]:
        path = self.folder / f"{kind}.csv"
        key = output_key(kind, self.target, self.run, PART)
        store.put(self.obj.bucket, key, path, "text/csv; charset=utf-8")
        with path.open("rb") as file:
            digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        return {"key": key, "size": path.stat().st_size, "digest": digest, "rows": rows}

    def _manifest(self, totals: Totals, parts: Mapping[str, Any]) -> dict[str, Any]:
        rejected = totals.rows_in - totals.rows_scored
        described = self.package and self.package.manifest
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "source": {
                "bucket": self.obj.bucket,
                "key": self.obj.key,
                "version_id": self.obj.version_id,
                "etag": self.obj.etag,
                "size": self.obj.size,
            },
            "run": self.run,
            "model": {
                "name": self.target.model,
                "version": described.version if described else None,
                "digest": self.package.digest if self.package else None,
            },
            "settings": self.options.settings(),
            "rows_in": totals.rows_in,
            "rows_scored": totals.rows_scored,
            "rows_rejected": rejected,
            "rejects_by_code": dict(totals.rejects_by_code or {}),
            "parts": [parts["scored"]] if "scored" in parts else [],
            "rejects": [parts["rejected"]],
            "sketch": {name: counts.tolist() for name, counts in (totals.sketch or {}).items()},
            "time": self.obj.time,
            "status": _status(totals, self.options.max_reject_rate),
        }
        if totals.problem is not None:
            manifest["error"] = {"code": totals.problem.code, "reason": str(totals.problem)}
        return manifest


def _status(totals: Totals, max_reject_rate: float) -> str:
    if totals.problem is not None:
        return UNREADABLE
    rejected = totals.rows_in - totals.rows_scored
    return TooManyRejects.code if rejected > max_reject_rate * totals.rows_in else "scored"
