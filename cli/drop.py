"""Drop one file into the data bucket, wait for its manifest, fetch what came out."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scorelet.batch_keys import INCOMING, output_folder, output_key
from scorelet.batch_keys import Target as FileTarget
from scorelet.errors import ObjectMissing, ScoreletError
from scorelet.manifest import MANIFEST_FILE

from cli.follow import Follower
from cli.progress import QUIET, Bar, Progress
from cli.target import Target

LARGE_BYTES = 64 << 20  # uploaded in parts, and shown while it moves


class NoManifest(ScoreletError):
    """The file was dropped but its manifest has not come yet."""

    code = "no_manifest"
    remedy = "Look at the dead-letter queue and the log of the batch function; nothing of the file is lost."


@dataclass(frozen=True, slots=True)
class Dropped:
    """A local file as it was dropped: `name` is its key below incoming/<model>/."""

    path: Path
    target: FileTarget
    version_id: str


def drop(to: Target, path: Path, target: FileTarget, metadata: Mapping[str, str], shown: Bar = QUIET) -> Dropped:
    """Upload the file with its settings, a big one in several parts; one that is broken off leaves nothing."""
    from boto3.s3.transfer import TransferConfig

    client, key = to.client("s3"), f"{INCOMING}{target.model}/{target.name}"
    config = TransferConfig(multipart_threshold=LARGE_BYTES)
    told = _Moved(shown, "uploading", path.stat().st_size)
    extra = {"Metadata": dict(metadata)}
    client.upload_file(str(path), to.data_bucket, key, Config=config, ExtraArgs=extra, Callback=told.add)
    return Dropped(path, target, str(client.head_object(Bucket=to.data_bucket, Key=key)["VersionId"]))


def wait(to: Target, file: Dropped, timeout: float, shown: Bar) -> dict[str, Any]:
    """The manifest of this very upload; raises RunFailed, or NoManifest after `timeout` seconds with nothing new."""
    follower = Follower(to.store(), to.data_bucket, file.target, file.version_id)
    seen: set[str] = set()
    before, deadline = Progress(), time.monotonic() + timeout
    while time.monotonic() < deadline:
        for manifest in _new_manifests(to, file, follower.run, seen):
            if manifest["source"]["version_id"] == file.version_id:
                shown.show(follower.look() if follower.run else before)
                return manifest
        now = follower.look()
        if now != before:
            before, deadline = now, time.monotonic() + timeout
        shown.show(now)
        time.sleep(0.5)
    raise NoManifest(f"no manifest for {file.target.name}, and nothing new, for {timeout:g} seconds")


def _new_manifests(to: Target, file: Dropped, run: str, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Manifests of any version of the file that were not `seen` before; of the one run where that is known.

    A big file's parts may be tens of thousands: nobody lists them twice a second.
    """
    store = to.store()
    if run:
        with suppress(ObjectMissing):
            yield json.loads(store.get(to.data_bucket, output_key("scored", file.target, run, MANIFEST_FILE)).body)
        return
    for info in store.list(to.data_bucket, output_folder("scored", file.target)):
        if info.key not in seen and info.key.endswith(f"/{MANIFEST_FILE}"):
            seen.add(info.key)
            yield json.loads(store.get(to.data_bucket, info.key).body)


def fetch(to: Target, manifest: Mapping[str, Any], out: Path, shown: Bar = QUIET) -> list[Path]:
    """Download the outputs into a folder of their own below `out`, and then the manifest: it says that all is there."""
    folder = out / f"{Path(manifest['source']['key'].removesuffix('.gz')).stem}-{manifest['run']}"
    folder.mkdir(parents=True, exist_ok=True)
    outputs = [("scored", entry) for entry in manifest["parts"]] + [
        ("rejected", entry) for entry in manifest["rejects"]
    ]
    told = _Moved(shown, "downloading", sum(entry["size"] for _, entry in outputs))
    paths = []
    for kind, entry in outputs:
        paths.append(folder / f"{kind}-{entry['key'].rpartition('-')[2]}")
        half = paths[-1].with_name(f"{paths[-1].name}.half")
        to.store().download(to.data_bucket, entry["key"], half)
        half.replace(paths[-1])
        told.add(entry["size"])
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps(manifest, indent=1))
    return [path, *paths]


@dataclass(slots=True)
class _Moved:
    """Adds up what has gone over the wire, from several threads; says nothing of what is soon done."""

    shown: Bar
    word: str
    total: int
    done: int = 0
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def add(self, size: int) -> None:
        """So many bytes more."""
        with self._one_at_a_time:
            self.done += size
            if self.total >= LARGE_BYTES:
                self.shown.transfer(self.word, self.done, self.total)
