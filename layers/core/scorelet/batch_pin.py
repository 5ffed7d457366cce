"""Which model version scores an object, and with which settings: decided by its first delivery, whatever comes later.

    runs/<model>/<name>/<object>/model.json

It is no lock: whoever comes later reads it and goes on. Without it, a delivery that is repeated after a promotion would
score the same object a second time, with the new version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from scorelet.batch_keys import Target, object_id, output_key
from scorelet.errors import ObjectMissing, ObjectTooLarge
from scorelet.events.s3 import S3Object
from scorelet.file_settings import (
    METADATA,
    MOST_SETTINGS_BYTES,
    PACKAGE,
    SETTINGS_FILE,
    BadSettings,
    FileSettings,
    from_metadata,
    from_toml,
)
from scorelet.package import ModelPackage
from scorelet.store import ObjectStore

PIN = "model.json"


class ServedModels(Protocol):
    """Which packages there are; `serving.Models` is one."""

    def current(self, name: str, now: float) -> ModelPackage:
        """The package that answers for a model at a time; raises ModelNotFound or PackageRefused."""

    def version(self, name: str, version: int, digest: str | None = None) -> ModelPackage:
        """One version, whatever the aliases say; raises ModelNotFound or PackageRefused."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """Who scores an object, and how it is to be read: `settings` of its own, or the `mistake` in them."""

    package: ModelPackage
    settings: Mapping[str, Any]
    mistake: str | None = None


def pinned_package(obj: S3Object, target: Target, store: ObjectStore, models: ServedModels) -> Pinned:
    """The package and the settings of this object; the first to ask settles them. Raises as `models` does."""
    key = output_key("runs", target, object_id(obj), PIN)
    pinned = _read(store, obj.bucket, key)
    if pinned is None:
        package = models.current(target.model, obj.epoch_seconds)
        settings, mistake = _found_settings(obj, store, package)
        mine: dict[str, Any] = {
            "version": package.manifest.version,
            "digest": package.digest,
            "settings": settings,
            "mistake": mistake,
        }
        if store.put_if_absent(obj.bucket, key, json.dumps(mine).encode(), "application/json"):
            return Pinned(package, settings, mistake)
        pinned = _read(store, obj.bucket, key) or mine
    package = models.version(target.model, int(pinned["version"]), str(pinned["digest"]))
    return Pinned(package, pinned["settings"], pinned["mistake"])


def _read(store: ObjectStore, bucket: str, key: str) -> dict[str, Any] | None:
    """Version, digest, settings and mistake, where somebody has settled them."""
    try:
        return dict(json.loads(store.get(bucket, key).body))
    except ObjectMissing:
        return None


def _found_settings(obj: S3Object, store: ObjectStore, package: ModelPackage) -> tuple[dict[str, Any], str | None]:
    """The settings from all sources, the later over the earlier, or what is wrong with them."""
    metadata = store.metadata(obj.bucket, obj.key, obj.version_id)
    try:
        sources = (
            (PACKAGE, package.manifest.file_settings),
            (SETTINGS_FILE, _beside(obj, store)),
            (METADATA, from_metadata(metadata)),
        )
        return FileSettings.settled(sources).changed(), None
    except BadSettings as error:
        return {}, str(error)


def _beside(obj: S3Object, store: ObjectStore) -> dict[str, Any]:
    """What the settings file in the object's own folder says; raises BadSettings."""
    key = f"{obj.key.rpartition('/')[0]}/{SETTINGS_FILE}"
    try:
        return from_toml(store.get_small(obj.bucket, key, MOST_SETTINGS_BYTES))
    except ObjectMissing:
        return {}
    except ObjectTooLarge:
        raise BadSettings(f"{SETTINGS_FILE} is larger than {MOST_SETTINGS_BYTES >> 10} KiB") from None
