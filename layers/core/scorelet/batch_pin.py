"""Which model version scores an object, and with which settings: decided by its first delivery, whatever comes later.

    runs/<model>/<name>/<object>/model.json

It is no lock: whoever comes later reads it and goes on. Without it, a delivery that is repeated after a promotion would
score the same object a second time, with the new version; and one that is repeated after a model was published, an
object of which a manifest says that there is no such model.
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
from scorelet.registry import check_name
from scorelet.store import ObjectStore

PIN = "model.json"


class ServedModels(Protocol):
    """Which packages there are; `serving.Models` is one."""

    def current(self, name: str, now: float) -> ModelPackage:
        """The package that answers for a model at a time; raises ModelNotFound or PackageRefused."""

    def version(self, name: str, version: int, digest: str | None = None) -> ModelPackage:
        """One version, whatever the aliases say; raises ModelNotFound or PackageRefused."""


Refusal = BadSettings | ModelNotFound | PackageRefused | ContractError
_REFUSALS: tuple[type[Refusal], ...] = (BadSettings, ModelNotFound, PackageRefused, ContractError)


@dataclass(frozen=True, slots=True)
class Pinned:
    """Who scores an object, and how it is to be read: `settings` of its own, or the `problem` with them.

    There is no package where there is no such model, or where the version that is asked for is not there or refused.
    `asked`: the object asks for its version itself.
    """

    package: ModelPackage | None
    settings: Mapping[str, Any]
    max_reject_rate: float
    problem: Refusal | None = None
    asked: bool = False


def pinned_package(
    obj: S3Object, target: Target, store: ObjectStore, models: ServedModels, max_reject_rate: float
) -> Pinned:
    """The package and the settings of this object; the first to ask settles them. Raises ObjectMissing, PackageRefused.

    A model that does not exist is settled as refused, and so is a version that the object asks for and cannot have. It
    stays so: the object has one run, whatever is published later. A live version that is missing or refused settles
    nothing: it may be there when the object is announced again.
    """
    key = output_key("runs", target, object_id(obj), PIN)
    pinned = _read(store, obj.bucket, key)
    if pinned is None:
        package, found = _settled(obj, target, store, models)
        mine = {"max_reject_rate": max_reject_rate, **found}
        if store.put_if_absent(obj.bucket, key, json.dumps(mine).encode(), "application/json"):
            return _pinned(package, mine)
        pinned = _read(store, obj.bucket, key) or mine
    pinned.setdefault("max_reject_rate", max_reject_rate)  # older pins do not say it
    if pinned.get("refused"):
        return _pinned(None, pinned)
    return _pinned(models.version(target.model, int(pinned["version"]), str(pinned["digest"])), pinned)


def _settled(
    obj: S3Object, target: Target, store: ObjectStore, models: ServedModels
) -> tuple[ModelPackage | None, dict[str, Any]]:
    """The package and what is settled with it, or None and the refusal; raises ObjectMissing and what may pass."""
    metadata = store.metadata(obj.bucket, obj.key, obj.version_id)
    asked = VERSION in metadata
    try:
        package = _package(obj, target, models, metadata)
    except _REFUSALS as error:
        if not (asked or isinstance(error, ModelNotFound)):
            raise
        refused = {"code": error.code, "reason": str(error)}
        return None, {"version": None, "settings": {}, "mistake": None, "asked": asked, "refused": refused}
    settings, mistake = _found_settings(obj, store, package, metadata)
    which = {"version": package.manifest.version, "digest": package.digest}
    return package, {**which, "settings": settings, "mistake": mistake, "asked": asked}


def _package(obj: S3Object, target: Target, models: ServedModels, metadata: Mapping[str, str]) -> ModelPackage:
    """The version that the object asks for, or the live one; raises one of the refusals."""
    try:
        check_name(target.model)
    except ContractError as error:
        raise ModelNotFound(f"no model can have the name in the key: {error}") from error
    version = asked_version(metadata)
    return models.version(target.model, version) if version else models.current(target.model, obj.epoch_seconds)


def _pinned(package: ModelPackage | None, settled: Mapping[str, Any]) -> Pinned:
    """What was settled; older pins say neither whether a version was asked for nor whether it was refused."""
    problem: Refusal | None = BadSettings(settled["mistake"]) if settled["mistake"] else None
    if refused := settled.get("refused"):
        problem = next(kind for kind in _REFUSALS if kind.code == refused["code"])(refused["reason"])
    rate = float(settled["max_reject_rate"])
    return Pinned(package, settled["settings"], rate, problem, bool(settled.get("asked")))


def _read(store: ObjectStore, bucket: str, key: str) -> dict[str, Any] | None:
    """What somebody has settled, or None."""
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
