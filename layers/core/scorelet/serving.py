"""Which model answers now: aliases re-read after a time to live, packages verified once, the last good one kept.

Time is an argument (`now`, epoch seconds, from the event), so a test or the local stack can move it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scorelet.errors import ContractError, ModelNotFound, ObjectMissing, PackageRefused
from scorelet.package import ModelPackage, load_package
from scorelet.registry import LIVE, Alias, AliasEntry, Share, alias_key, read_alias, version_prefix
from scorelet.store import ObjectReader

OnRefused = Callable[[str, int, Exception], None]
MOST_BYTES = 256 * 1024 * 1024
_Key = tuple[str, int, str | None]
_REFUSALS = (PackageRefused, ContractError, ModelNotFound)


@dataclass(slots=True)
class _Watched:
    """An alias as last read, the package that answers for it, and the other versions refused since it was read."""

    alias: Alias
    read_at: float
    package: ModelPackage
    refused: set[int] = field(default_factory=set)


class Models:
    """The packages of one registry, loaded when asked for; the latest used stay, up to `most_bytes`."""

    def __init__(
        self,
        reader: ObjectReader,
        bucket: str,
        *,
        alias: str = LIVE,
        ttl_seconds: float = 30.0,
        public_key: bytes | None = None,
        most_bytes: int = MOST_BYTES,
        on_refused: OnRefused = lambda _name, _version, _error: None,
    ) -> None:
        self._reader = reader
        self._bucket = bucket
        self._alias = alias
        self._ttl_seconds = ttl_seconds
        self._public_key = public_key
        self._most_bytes = most_bytes
        self._on_refused = on_refused
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._packages: OrderedDict[_Key, ModelPackage] = OrderedDict()

    def current(self, name: str, now: float, alias: str | None = None, entity: str | None = None) -> ModelPackage:
        """The package that answers for the alias; raises ModelNotFound, or PackageRefused when none ever loaded.

        A change of the alias is seen within the time to live. A new version that is refused, or an alias that cannot
        be read, leaves the last good package in place and is told to `on_refused`. Where the alias splits entities
        between versions, the same `entity` always gets the same one.
        """
        alias = alias or self._alias
        watched = self._watched.get((name, alias))
        if watched is None:
            found = read_alias(self._reader, self._bucket, name, alias)
            watched = _Watched(found, now, self._load_reporting(name, found))
            self._watched[name, alias] = watched
        elif not 0 <= now - watched.read_at < self._ttl_seconds:
            self._refresh(name, alias, watched, now)
        self._touch(watched.package)
        if watched.alias.shares and entity is not None:
            entry = pick(watched.alias.shares, name, entity)
            return self._beside(name, watched, entry) or watched.package
        return watched.package

    def shadow(self, name: str, alias: str | None = None) -> ModelPackage | None:
        """The package that answers beside, for the log only, as the alias was last read; None where there is none."""
        watched = self._watched.get((name, alias or self._alias))
        return self._beside(name, watched, watched.alias.shadow) if watched else None

    def version(self, name: str, version: int, digest: str | None = None) -> ModelPackage:
        """One version, whatever the aliases say; raises ModelNotFound or PackageRefused."""
        key = (name, version, digest)
        if key not in self._packages:
            self._packages[key] = self._load(name, version, digest)
            self._make_room()
        self._packages.move_to_end(key)
        return self._packages[key]

    def _touch(self, package: ModelPackage) -> None:
        key = (package.manifest.name, package.manifest.version, package.digest)
        if key in self._packages:
            self._packages.move_to_end(key)

    def _make_room(self) -> None:
        """Let go of what was not used for longest, with the aliases that hold on to it; a last good one is kept."""
        watched = self._watched.values()
        kept = {w.package.digest for w in watched if w.package.digest != w.alias.current.digest}
        for key, package in list(self._packages.items())[:-1]:
            if self._size() <= self._most_bytes:
                return
            if package.digest not in kept:
                del self._packages[key]
                self._watched = {name: w for name, w in self._watched.items() if w.package is not package}

    def _size(self) -> int:
        return sum(package.size for package in self._packages.values())

    def _beside(self, name: str, watched: _Watched, entry: AliasEntry | None) -> ModelPackage | None:
        """Another version than the current one, or None where there is none or it is refused until the next look."""
        if entry is None or entry.version in watched.refused:
            return None
        try:
            return self.version(name, entry.version, entry.digest)
        except (*_REFUSALS, OSError) as error:
            watched.refused.add(entry.version)
            self._on_refused(name, entry.version, error)
            return None

    def _refresh(self, name: str, alias: str, watched: _Watched, now: float) -> None:
        watched.read_at = now
        watched.refused.clear()
        try:
            blob = self._reader.get_if_changed(self._bucket, alias_key(name, alias), watched.alias.etag or "")
            if blob is None and watched.package.digest == watched.alias.current.digest:
                return
            found = watched.alias if blob is None else Alias.from_bytes(blob.body, blob.etag)
            watched.alias = found
            watched.package = self._load_reporting(name, found)
        except (PackageRefused, ContractError):
            pass  # told to on_refused; the last good package goes on answering
        except (OSError, ObjectMissing) as error:
            self._on_refused(name, watched.alias.current.version, error)

    def _load_reporting(self, name: str, alias: Alias) -> ModelPackage:
        try:
            return self.version(name, alias.current.version, alias.current.digest)
        except _REFUSALS as error:
            self._on_refused(name, alias.current.version, error)
            raise

    def _load(self, name: str, version: int, digest: str | None) -> ModelPackage:
        prefix = version_prefix(name, version)

        def read(file: str) -> bytes:
            return self._reader.get(self._bucket, prefix + file).body

        if digest is None:
            try:
                read("manifest.json")
            except ObjectMissing as error:
                raise ModelNotFound(f"model {name!r} has no version {version}") from error
        package = load_package(read, expected_digest=digest, public_key=self._public_key)
        named = package.manifest.name, package.manifest.version
        if named != (name, version):  # properly signed, perhaps, but for something else
            raise PackageRefused(
                f"the package of {name!r} version {version} says it is {named[0]!r} version {named[1]}"
            )
        return package


def pick(shares: Sequence[Share], name: str, entity: str) -> AliasEntry | None:
    """The share an entity falls into, or None for the current version's; the same for every server and at any time.

    A share that grows keeps its entities, as long as none before it changes.
    """
    digest = hashlib.sha256(f"{name}\0{entity}".encode("utf-8", "surrogatepass")).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    for share in shares:
        if point < share.weight:
            return share.entry
        point -= share.weight
    return None
