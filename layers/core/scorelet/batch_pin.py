"""Which model version scores an object: decided by its first delivery and kept, whatever is promoted meanwhile.

    runs/<model>/<name>/<object>/model.json

It is no lock: whoever comes later reads it and goes on. Without it, a delivery that is repeated after a promotion would
score the same object a second time, with the new version.
"""

from __future__ import annotations

import json
from typing import Protocol

from scorelet.batch_keys import Target, object_id, output_key
from scorelet.errors import ObjectMissing
from scorelet.events.s3 import S3Object
from scorelet.package import ModelPackage
from scorelet.store import ObjectStore

PIN = "model.json"


class ServedModels(Protocol):
    """Which packages there are; `serving.Models` is one."""

    def current(self, name: str, now: float) -> ModelPackage:
        """The package that answers for a model at a time; raises ModelNotFound or PackageRefused."""

    def version(self, name: str, version: int, digest: str | None = None) -> ModelPackage:
        """One version, whatever the aliases say; raises ModelNotFound or PackageRefused."""


def pinned_package(obj: S3Object, target: Target, store: ObjectStore, models: ServedModels) -> ModelPackage:
    """The package that scores this object; the first to ask settles it. Raises as `models` does."""
    key = output_key("runs", target, object_id(obj), PIN)
    pinned = _read(store, obj.bucket, key)
    if pinned is None:
        package = models.current(target.model, obj.epoch_seconds)
        mine = (package.manifest.version, package.digest)
        if store.put_if_absent(obj.bucket, key, json.dumps(mine).encode(), "application/json"):
            return package
        pinned = _read(store, obj.bucket, key) or mine
    return models.version(target.model, *pinned)


def _read(store: ObjectStore, bucket: str, key: str) -> tuple[int, str] | None:
    """Version and digest, where somebody has settled them."""
    try:
        version, digest = json.loads(store.get(bucket, key).body)
    except ObjectMissing:
        return None
    return int(version), str(digest)
