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
from scorelet.errors import ContractError, ModelNotFound, ObjectMissing, ObjectTooLarge, PackageRefused
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


Refusal = ModelNotFound | PackageRefused | ContractError
_REFUSALS: tuple[type[Refusal], ...] = (ModelNotFound, PackageRefused, ContractError)


@dataclass(frozen=True, slots=True)
class Pinned:
    """Who scores an object, and how it is to be read: `settings` of its own, or the `problem` with them.

    There is no package where there is no such model, or where the version that is asked for is not there or refused.
    `asked`: the object asks for its version itself.
    """

    package: ModelPackage | None
    settings: Mapping[str, Any]
    problem: BadSettings | Refusal | None = None
    asked: bool = False


def pinned_package(obj: S3Object, target: Target, store: ObjectStore, models: ServedModels) -> Pinned:
    """The package and the settings of this object; the first to ask settles them. Raises ObjectMissing, PackageRefused.

    A live version that is missing or refused settles nothing: it may be there when the object is announced again. One
    that the object asks for is settled as refused, and stays so: the object has one run, whatever is published later.
    """
    key = output_key("runs", target, object_id(obj), PIN)
    pinned = _read(store, obj.bucket, key)
    if pinned is None:
        metadata = store.metadata(obj.bucket, obj.key, obj.version_id)
        try:
            version = asked_version(metadata)
            package, mine = _asked(target, models, version) if version else _live(obj, target, models)
        except (ModelNotFound, BadSettings) as error:
            return Pinned(None, {}, error, VERSION in metadata)
        if package:
            mine["settings"], mine["mistake"] = _found_settings(obj, store, package, metadata)
        if store.put_if_absent(obj.bucket, key, json.dumps(mine).encode(), "application/json"):
            return _pinned(package, mine)
        pinned = _read(store, obj.bucket, key) or mine
    if pinned.get("refused"):
        return _pinned(None, pinned)
    return _pinned(models.version(target.model, int(pinned["version"]), str(pinned["digest"])), pinned)


def _live(obj: S3Object, target: Target, models: ServedModels) -> tuple[ModelPackage, dict[str, Any]]:
    """The package that answers now, and what that settles; raises ModelNotFound, PackageRefused."""
    package = models.current(target.model, obj.epoch_seconds)
    return package, {"version": package.manifest.version, "digest": package.digest, "asked": False}


def _asked(target: Target, models: ServedModels, version: int) -> tuple[ModelPackage | None, dict[str, Any]]:
    """The package of the version that is asked for, or why there is none, and what that settles."""
    settled: dict[str, Any] = {"version": version, "digest": None, "settings": {}, "mistake": None, "asked": True}
    try:
        package = models.version(target.model, version)
    except _REFUSALS as error:
        return None, settled | {"refused": {"code": error.code, "reason": str(error)}}
    return package, settled | {"digest": package.digest}


def _pinned(package: ModelPackage | None, settled: Mapping[str, Any]) -> Pinned:
    """What was settled; older pins say neither whether a version was asked for nor whether it was refused."""
    problem: BadSettings | Refusal | None = BadSettings(settled["mistake"]) if settled["mistake"] else None
    if refused := settled.get("refused"):
        problem = next(kind for kind in _REFUSALS if kind.code == refused["code"])(refused["reason"])
    return Pinned(package, settled["settings"], problem, bool(settled.get("asked")))


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
