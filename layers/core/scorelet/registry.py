"""The model registry in S3: immutable versions, and aliases that change only over the state they were read in.

models/<name>/<version>/…            files of a package; manifest.json is written last and commits the version
models/<name>/aliases/<alias>.json   which version answers, who said so, when and why
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scorelet.errors import AlreadyExists, ContractError, LostRace, ModelNotFound, ObjectMissing
from scorelet.manifest import MANIFEST_FILE, Manifest, digest
from scorelet.store import ObjectReader, ObjectStore

LIVE = "live"
HISTORY_LENGTH = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def check_name(name: str) -> str:
    """The name, if it may name a model or an alias; raises ContractError."""
    if not _NAME.fullmatch(name):
        raise ContractError(
            f"{name!r} is not a model name",
            remedy="Use 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit.",
        )
    return name


def version_prefix(name: str, version: int) -> str:
    """Where a version's files lie."""
    return f"models/{check_name(name)}/{version}/"


def alias_key(name: str, alias: str) -> str:
    """Where an alias lies."""
    return f"models/{check_name(name)}/aliases/{check_name(alias)}.json"


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """One decision: this version answers, since `at` (ISO 8601), as `by` said, because of `why`."""

    version: int
    digest: str
    at: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Share:
    """A version that answers for a share of the entities, above 0 and below 1, beside the current one."""

    entry: AliasEntry
    weight: float


@dataclass(frozen=True, slots=True)
class Alias:
    """The decision in force and those before it, newest first. `etag` names the state it was read in.

    `shares` split the entities between versions; `shadow` is a version that answers beside, for the log only.
    """

    current: AliasEntry
    history: tuple[AliasEntry, ...] = ()
    etag: str | None = None
    shares: tuple[Share, ...] = ()
    shadow: AliasEntry | None = None

    def to_bytes(self) -> bytes:
        """The alias file."""
        document: dict[str, Any] = {**asdict(self.current), "history": [asdict(entry) for entry in self.history]}
        if self.shares:
            document["weights"] = [{**asdict(share.entry), "weight": share.weight} for share in self.shares]
        if self.shadow:
            document["shadow"] = asdict(self.shadow)
        return (json.dumps(document, indent=1) + "\n").encode()

    @classmethod
    def from_bytes(cls, body: bytes, etag: str) -> Alias:
        """Read an alias file; raises ContractError."""
        try:
            data = json.loads(body)
            history = tuple(AliasEntry(**entry) for entry in data.pop("history"))
            shares = tuple(_share(entry) for entry in data.pop("weights", []))
            shadow = data.pop("shadow", None)
            return cls(AliasEntry(**data), history, etag, shares, AliasEntry(**shadow) if shadow else None)
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"the alias file cannot be read: {error!r}") from error


def _share(entry: dict[str, Any]) -> Share:
    weight = float(entry.pop("weight"))
    if not 0 < weight < 1:
        raise ValueError("a weight must lie between 0 and 1")
    return Share(AliasEntry(**entry), weight)


def read_alias(reader: ObjectReader, bucket: str, name: str, alias: str = LIVE) -> Alias:
    """The alias as it is now; raises ModelNotFound."""
    try:
        blob = reader.get(bucket, alias_key(name, alias))
    except ObjectMissing as error:
        raise ModelNotFound(f"model {name!r} has no alias {alias!r}") from error
    return Alias.from_bytes(blob.body, blob.etag)


class Registry:
    """Publish, promote and roll back models in one bucket."""

    def __init__(self, store: ObjectStore, bucket: str) -> None:
        self._store = store
        self._bucket = bucket

    def names(self) -> list[str]:
        """Every model that has a version or an alias."""
        return sorted({info.key.split("/")[1] for info in self._store.list(self._bucket, "models/")})

    def served(self, alias: str = LIVE) -> list[str]:
        """Every model that has this alias."""
        keys = (info.key.split("/") for info in self._store.list(self._bucket, "models/"))
        return [k[1] for k in keys if k[2:] == ["aliases", f"{alias}.json"]]

    def versions(self, name: str) -> list[int]:
        """The published versions, ascending."""
        keys = (info.key.split("/") for info in self._store.list(self._bucket, f"models/{check_name(name)}/"))
        return sorted(int(k[2]) for k in keys if len(k) == 4 and k[2].isdecimal() and k[3] == MANIFEST_FILE)

    def aliases(self, name: str) -> dict[str, Alias]:
        """Every alias of a model by its name."""
        prefix = f"models/{check_name(name)}/aliases/"
        found = [info.key.removeprefix(prefix).removesuffix(".json") for info in self._store.list(self._bucket, prefix)]
        return {alias: self.alias(name, alias) for alias in found}

    def next_version(self, name: str) -> int:
        """A version number that nothing lies under yet, not even a publish that was broken off."""
        keys = (info.key.split("/") for info in self._store.list(self._bucket, f"models/{check_name(name)}/"))
        return max((int(k[2]) for k in keys if k[2].isdecimal()), default=0) + 1

    def manifest(self, name: str, version: int) -> tuple[Manifest, str]:
        """A version's manifest and its digest; raises ModelNotFound."""
        try:
            body = self._store.get(self._bucket, version_prefix(name, version) + MANIFEST_FILE).body
        except ObjectMissing as error:
            raise ModelNotFound(f"model {name!r} has no version {version}") from error
        return Manifest.from_bytes(body), digest(body)

    def publish(self, files: Mapping[str, bytes | Path]) -> tuple[Manifest, str]:
        """Write a package's files under the version its manifest names; the manifest comes last.

        Publishing the same bytes again succeeds quietly. Raises AlreadyExists when the version holds other bytes.
        """
        body = _content(files[MANIFEST_FILE])
        manifest = Manifest.from_bytes(body)
        prefix = version_prefix(manifest.name, manifest.version)
        for name in sorted(files, key=lambda n: n == MANIFEST_FILE):
            if self._store.put_if_absent(self._bucket, prefix + name, files[name]):
                continue
            if self._store.get(self._bucket, prefix + name).body != _content(files[name]):
                raise AlreadyExists(f"version {manifest.version} of {manifest.name!r} exists with another {name}")
        return manifest, digest(body)

    def alias(self, name: str, alias: str = LIVE) -> Alias:
        """The alias as it is now; raises ModelNotFound."""
        return read_alias(self._store, self._bucket, name, alias)

    def promote(self, name: str, version: int, *, at: str, by: str, why: str, alias: str = LIVE) -> Alias:
        """Let `version` answer for the alias, alone; raises ModelNotFound, or LostRace when somebody was faster."""
        _, found = self.manifest(name, version)
        entry = AliasEntry(version, found, at, by, why)
        try:
            before = self.alias(name, alias)
        except ModelNotFound:
            return self._create(name, alias, Alias(entry))
        if (before.current.version, before.current.digest) == (entry.version, entry.digest):
            return self._alone(name, alias, before)
        history = (before.current, *before.history)[:HISTORY_LENGTH]
        return self._replace(name, alias, before, Alias(entry, history))

    def split(self, name: str, version: int, weight: float, *, at: str, by: str, why: str, alias: str = LIVE) -> Alias:
        """Let `version` answer for a share of the entities beside the current one; a weight of 0 takes it out again.

        Raises ModelNotFound, LostRace, or ContractError for weights that are no shares.
        """
        before = self.alias(name, alias)
        entry = AliasEntry(version, self.manifest(name, version)[1], at, by, why)
        others = tuple(share for share in before.shares if share.entry.version != version)
        shares = (*others, Share(entry, weight)) if weight else others
        if not 0 <= weight < 1 or sum(share.weight for share in shares) >= 1 or version == before.current.version:
            raise ContractError(
                f"weight {weight} for version {version} leaves nothing to version {before.current.version}",
                remedy="Give another version than the current one a weight from 0 to below 1.",
            )
        ordered = tuple(sorted(shares, key=lambda share: share.entry.version))
        return self._replace(name, alias, before, replace(before, shares=ordered))

    def shadow(self, name: str, version: int, *, at: str, by: str, why: str, alias: str = LIVE) -> Alias:
        """Let `version` answer beside, for the log only; raises ModelNotFound, LostRace."""
        before = self.alias(name, alias)
        entry = AliasEntry(version, self.manifest(name, version)[1], at, by, why)
        return self._replace(name, alias, before, replace(before, shadow=entry))

    def end_split(self, name: str, alias: str = LIVE) -> Alias:
        """Let the current version answer alone again, without a shadow; raises ModelNotFound, LostRace."""
        return self._alone(name, alias, self.alias(name, alias))

    def _alone(self, name: str, alias: str, before: Alias) -> Alias:
        if not before.shares and not before.shadow:
            return before
        return self._replace(name, alias, before, replace(before, shares=(), shadow=None))

    def rollback(self, name: str, *, at: str, by: str, why: str, alias: str = LIVE) -> Alias:
        """Let the version before the current one answer again; a second rollback goes one further back.

        Raises ModelNotFound when there is none before, LostRace when somebody else changed the alias.
        """
        before = self.alias(name, alias)
        if not before.history:
            raise ModelNotFound(
                f"{name!r} has had no other version under {alias!r}",
                remedy="Promote the version you want by number.",
            )
        previous, *older = before.history
        entry = AliasEntry(previous.version, previous.digest, at, by, why)
        return self._replace(name, alias, before, Alias(entry, tuple(older)))

    def _create(self, name: str, alias: str, new: Alias) -> Alias:
        if not self._store.put_if_absent(self._bucket, alias_key(name, alias), new.to_bytes(), "application/json"):
            raise LostRace(f"somebody else created alias {alias!r} of {name!r} just now")
        return self.alias(name, alias)

    def _replace(self, name: str, alias: str, before: Alias, new: Alias) -> Alias:
        key = alias_key(name, alias)
        etag = self._store.put_if_match(self._bucket, key, new.to_bytes(), before.etag or "", "application/json")
        return replace(new, etag=etag)


def _content(body: bytes | Path) -> bytes:
    return body if isinstance(body, bytes) else body.read_bytes()
