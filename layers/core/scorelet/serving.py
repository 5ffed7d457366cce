"""Which model answers now: aliases re-read after a time to live, packages verified once, the last good one kept.

Time is an argument (`now`, epoch seconds, from the event), so a test or the local stack can move it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from scorelet.errors import ContractError, ModelNotFound, ObjectMissing, PackageRefused
from scorelet.package import ModelPackage, load_package
from scorelet.registry import LIVE, Alias, alias_key, read_alias, version_prefix
from scorelet.store import ObjectReader

OnRefused = Callable[[str, int, Exception], None]


@dataclass(slots=True)
class _Watched:
    """An alias as last read, and the package that answers for it."""

    alias: Alias
    read_at: float
    package: ModelPackage


class Models:
    """The packages of one registry, loaded when asked for; at most `most` stay in memory, the latest used."""

    def __init__(
        self,
        reader: ObjectReader,
        bucket: str,
        *,
        alias: str = LIVE,
        ttl_seconds: float = 30.0,
        public_key: bytes | None = None,
        most: int = 4,
        on_refused: OnRefused = lambda _name, _version, _error: None,
    ) -> None:
        self._reader = reader
        self._bucket = bucket
        self._alias = alias
        self._ttl_seconds = ttl_seconds
        self._public_key = public_key
        self._most = most
        self._on_refused = on_refused
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._packages: OrderedDict[tuple[str, int, str | None], ModelPackage] = OrderedDict()

    def current(self, name: str, now: float, alias: str | None = None) -> ModelPackage:
        """The package that answers for the alias; raises ModelNotFound, or PackageRefused when none ever loaded.

        A change of the alias is seen within the time to live. A new version that is refused, or an alias that cannot
        be read, leaves the last good package in place and is told to `on_refused`.
        """
        alias = alias or self._alias
        watched = self._watched.get((name, alias))
        if watched is None:
            found = read_alias(self._reader, self._bucket, name, alias)
            watched = _Watched(found, now, self._load_reporting(name, found))
            self._watched[name, alias] = watched
        elif not 0 <= now - watched.read_at < self._ttl_seconds:
            self._refresh(name, alias, watched, now)
        return watched.package

    def version(self, name: str, version: int, digest: str | None = None) -> ModelPackage:
        """One version, whatever the aliases say; raises ModelNotFound or PackageRefused."""
        key = (name, version, digest)
        if key not in self._packages:
            self._packages[key] = self._load(name, version, digest)
            while len(self._packages) > self._most:
                self._packages.popitem(last=False)
        self._packages.move_to_end(key)
        return self._packages[key]

    def _refresh(self, name: str, alias: str, watched: _Watched, now: float) -> None:
        watched.read_at = now
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
        except (PackageRefused, ContractError, ModelNotFound) as error:
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
        return load_package(read, expected_digest=digest, public_key=self._public_key)
