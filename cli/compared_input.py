"""What two versions are to score: a file here, or an object that was dropped before. Either can be dropped again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from scorelet.batch_keys import INCOMING, target_of
from scorelet.batch_keys import Target as FileTarget
from scorelet.errors import ObjectMissing, ScoreletError
from scorelet.file_settings import METADATA_PREFIX, SETTINGS_FILE, VERSION, WRITER

from cli.drop import Dropped, drop
from cli.earlier_runs import earlier_runs
from cli.target import Target


class NoInput(ScoreletError):
    """There is nothing to compare versions on."""

    code = "no_input"
    remedy = (
        "Give the path of one table, or the name or address (s3://BUCKET/incoming/NAME/...) of one that was dropped."
    )


class Input(Protocol):
    """One table. `name` is the file's own, `folder` where its settings file would lie in the bucket."""

    @property
    def name(self) -> str:
        """The name of the file."""

    @property
    def folder(self) -> str:
        """The prefix of the keys beside it."""

    @property
    def metadata(self) -> dict[str, str]:
        """The settings that it brings along."""

    def drop(self, to: Target, target: FileTarget, metadata: dict[str, str]) -> Dropped:
        """Put it under a key of its own."""

    def runs(self, to: Target, versions: Mapping[int, str]) -> dict[int, Any]:
        """Manifests of runs that scored it before, by version, all with the same settings; `versions` with digests."""

    def bring(self, to: Target, scratch: Path) -> Path:
        """Where it can be read on this machine."""


@dataclass(frozen=True, slots=True)
class LocalInput:
    """A file on this machine; it is read where it lies."""

    path: Path
    folder: str

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @property
    def metadata(self) -> dict[str, str]:
        """None."""
        return {}

    def drop(self, to: Target, target: FileTarget, metadata: dict[str, str]) -> Dropped:
        """Upload it."""
        return drop(to, self.path, target, metadata)

    def runs(self, _to: Target, _versions: Mapping[int, str]) -> dict[int, Any]:
        """None."""
        return {}

    def bring(self, _to: Target, _scratch: Path) -> Path:
        """Here it is."""
        return self.path


@dataclass(frozen=True, slots=True)
class OldInput:
    """One version of an object in the data bucket: the newest when it was looked up."""

    key: str
    version_id: str
    metadata: dict[str, str]

    @property
    def name(self) -> str:
        """The last part of its key."""
        return PurePosixPath(self.key).name

    @property
    def folder(self) -> str:
        """The prefix it lies under."""
        return self.key.rpartition("/")[0] + "/"

    def drop(self, to: Target, target: FileTarget, metadata: dict[str, str]) -> Dropped:
        """Copy it within the bucket, a big one in several parts."""
        client, key = to.client("s3"), f"{INCOMING}{target.model}/{target.name}"
        source = {"Bucket": to.data_bucket, "Key": self.key, "VersionId": self.version_id}
        extra = {"Metadata": metadata, "MetadataDirective": "REPLACE"}
        client.copy(source, to.data_bucket, key, ExtraArgs=extra)
        version_id = str(client.head_object(Bucket=to.data_bucket, Key=key)["VersionId"])
        return Dropped(Path(self.name), target, version_id)

    def runs(self, to: Target, versions: Mapping[int, str]) -> dict[int, Any]:
        """Those over this very version of the object."""
        return earlier_runs(to, target_of(self.key), self.version_id, versions)

    def bring(self, to: Target, scratch: Path) -> Path:
        """Download that very version."""
        path = scratch / "source"
        to.store().download(to.data_bucket, self.key, path, self.version_id)
        return path


def find_input(to: Target, place: Path | str, model: str) -> Input:
    """The one table at a path or an address, or under its name in incoming/<model>/; raises NoInput, ObjectMissing."""
    if isinstance(place, Path):
        return _by_name(to, place, model)
    bucket, _, key = place.removeprefix("s3://").partition("/")
    if bucket != to.data_bucket or not key.startswith(f"{INCOMING}{model}/") or key.endswith(("/", SETTINGS_FILE)):
        raise NoInput(f"{place} is no table below s3://{to.data_bucket}/{INCOMING}{model}/")
    return _old_input(to, key)


def _by_name(to: Target, place: Path, model: str) -> Input:
    """What lies here comes first."""
    if _is_file(place) and place.name != SETTINGS_FILE:
        return LocalInput(place, f"{INCOMING}{model}/")
    try:
        if place.name in ("", SETTINGS_FILE) or place.is_dir():
            raise ObjectMissing(f"{place} is no table")
        return _old_input(to, f"{INCOMING}{model}/{place.as_posix()}")
    except ObjectMissing as error:
        raise NoInput(f"{place} is no file to compare versions on, neither here nor in {INCOMING}{model}/") from error


def _is_file(place: Path) -> bool:
    """Also of names that this machine cannot have, and S3 can."""
    try:
        return place.is_file()
    except OSError:
        return False


def _old_input(to: Target, key: str) -> OldInput:
    """The object as it is now; raises ObjectMissing."""
    head = _head(to, key)
    names = {name.lower(): str(value) for name, value in head.get("Metadata", {}).items()}
    ours = {n: value for n, value in names.items() if n.startswith(METADATA_PREFIX) and n not in (WRITER, VERSION)}
    return OldInput(key, str(head["VersionId"]), ours)


def _head(to: Target, key: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    try:
        return dict(to.client("s3").head_object(Bucket=to.data_bucket, Key=key))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        raise ObjectMissing(f"s3://{to.data_bucket}/{key} does not exist") from error
