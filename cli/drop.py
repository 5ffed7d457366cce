"""Drop one file into the data bucket, wait for its manifest, fetch what came out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.batch_keys import INCOMING, output_key
from scorelet.batch_keys import Target as FileTarget
from scorelet.errors import ScoreletError
from scorelet.manifest import MANIFEST_FILE

from cli.progress import Bar, Follower, Progress
from cli.target import Target


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


def drop(to: Target, path: Path, target: FileTarget, metadata: Mapping[str, str]) -> Dropped:
    """Upload the file with its settings, a big one in several parts."""
    from boto3.s3.transfer import TransferConfig

    client, key = to.client("s3"), f"{INCOMING}{target.model}/{target.name}"
    config = TransferConfig(multipart_threshold=64 << 20)
    client.upload_file(str(path), to.data_bucket, key, Config=config, ExtraArgs={"Metadata": dict(metadata)})
    return Dropped(path, target, str(client.head_object(Bucket=to.data_bucket, Key=key)["VersionId"]))


def wait(to: Target, file: Dropped, timeout: float, shown: Bar) -> dict[str, Any]:
    """The manifest of this very upload; raises RunFailed, or NoManifest after `timeout` seconds with nothing new."""
    follower = Follower(to.store(), to.data_bucket, file.target, file.version_id)
    seen: set[str] = set()
    before, deadline = Progress(), time.monotonic() + timeout
    while time.monotonic() < deadline:
        for manifest in _new_manifests(to, file, seen):
            if manifest["source"]["version_id"] == file.version_id:
                return manifest
        now = follower.look()
        if now != before:
            before, deadline = now, time.monotonic() + timeout
        shown.show(now)
        time.sleep(0.5)
    raise NoManifest(f"no manifest for {file.target.name}, and nothing new, for {timeout:g} seconds")


def _new_manifests(to: Target, file: Dropped, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Manifests of any version of the file that were not `seen` before."""
    store, run = to.store(), "0" * 20
    for info in store.list(to.data_bucket, output_key("scored", file.target, run, "").removesuffix(f"{run}/")):
        if info.key not in seen and info.key.endswith(f"/{MANIFEST_FILE}"):
            seen.add(info.key)
            yield json.loads(store.get(to.data_bucket, info.key).body)


def fetch(to: Target, manifest: Mapping[str, Any], out: Path) -> list[Path]:
    """Download manifest and outputs into a folder of their own below `out`."""
    folder = out / f"{Path(manifest['source']['key'].removesuffix('.gz')).stem}-{manifest['run']}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / MANIFEST_FILE]
    paths[0].write_text(json.dumps(manifest, indent=1))
    for kind, entries in (("scored", manifest["parts"]), ("rejected", manifest["rejects"])):
        for entry in entries:
            paths.append(folder / f"{kind}-{entry['key'].rpartition('-')[2]}")
            to.store().download(to.data_bucket, entry["key"], paths[-1])
    return paths
