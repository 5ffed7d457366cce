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
from scorelet.comparison import asked_version
from scorelet.errors import ModelNotFound, ObjectMissing, ObjectTooLarge
from scorelet.events.s3 import S3Object
from scorelet.file_settings import (
    METADATA,
    MOST_SETTINGS_BYTES,
    PACKAGE,
    SETTINGS_FILE,
    VERSION,
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
    """Who scores an object, and how it is to be read: `settings` of its own, or the `problem` with them.

    There is no package where there is no such model or version. `asked`: the object asks for its version itself.
    """

    package: ModelPackage | None
    settings: Mapping[str, Any]
    problem: BadSettings | ModelNotFound | None = None
    asked: bool = False


def pinned_package(obj: S3Object, target: Target, store: ObjectStore, models: ServedModels) -> Pinned:
    """The package and the settings of this object; the first to ask settles them. Raises ObjectMissing, PackageRefused.

    What is missing settles nothing: it may be there when the object is announced again.
    """
    key = output_key("runs", target, object_id(obj), PIN)
    pinned = _read(store, obj.bucket, key)
    if pinned is None:
        metadata = store.metadata(obj.bucket, obj.key, obj.version_id)
        asked = VERSION in metadata
        try:
            package = _chosen(obj, target, models, asked_version(metadata))
        except (ModelNotFound, BadSettings) as error:
            return Pinned(None, {}, error, asked)
        settings, mistake = _found_settings(obj, store, package, metadata)
        mine: dict[str, Any] = {
            "version": package.manifest.version,
            "digest": package.digest,
            "settings": settings,
            "mistake": mistake,
            "asked": asked,
        }
        if store.put_if_absent(obj.bucket, key, json.dumps(mine).encode(), "application/json"):
            return _pinned(package, mine)
        pinned = _read(store, obj.bucket, key) or mine
    package = models.version(target.model, int(pinned["version"]), str(pinned["digest"]))
    return _pinned(package, pinned)


def _chosen(obj: S3Object, target: Target, models: ServedModels, asked: int | None) -> ModelPackage:
    return models.current(target.model, obj.epoch_seconds) if asked is None else models.version(target.model, asked)


def _pinned(package: ModelPackage, settled: Mapping[str, Any]) -> Pinned:
    mistake = settled["mistake"]
    asked = bool(settled.get("asked"))  # older pins do not say
    return Pinned(package, settled["settings"], BadSettings(mistake) if mistake else None, asked)


def _read(store: ObjectStore, bucket: str, key: str) -> dict[str, Any] | None:
    """Version, digest, settings and mistake, where somebody has settled them."""
    try:
        return dict(json.loads(store.get(bucket, key).body))
    except ObjectMissing:
        return None


def _found_settings(
    obj: S3Object, store: ObjectStore, package: ModelPackage, metadata: Mapping[str, str]
) -> tuple[dict[str, Any], str | None]:
    """The settings from all sources, the later over the earlier, or what is wrong with them."""
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
