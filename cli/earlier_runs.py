"""Runs that scored an old input before: what is done already need not be scored again to be compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scorelet.batch_keys import Target as FileTarget
from scorelet.batch_keys import output_key
from scorelet.comparison import PURPOSE
from scorelet.manifest import MANIFEST_FILE

from cli.target import Target


def earlier_runs(to: Target, file: FileTarget, version_id: str, versions: Mapping[int, str]) -> dict[int, Any]:
    """Manifests by version, of runs over this version of the file; `versions` are numbers and digests.

    All of them have the same settings, and all their outputs are there.
    """
    found: dict[int, Any] = {}
    manifests = sorted(_manifests(to, file), key=lambda manifest: str(manifest["run"]))
    for version, digest in versions.items():
        for manifest in manifests:
            ours = manifest["source"]["version_id"] == version_id and manifest["model"]["digest"] == digest
            alike = all(settings_of(other) == settings_of(manifest) for other in found.values())
            if ours and alike and version not in found and manifest["status"] != "unreadable" and _whole(to, manifest):
                found[version] = manifest
    return found


def settings_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The file's own settings of a run."""
    return {name: value for name, value in manifest["settings"].items() if name not in ("max_reject_rate", PURPOSE)}


def to_toml(settings: Mapping[str, Any]) -> bytes:
    r"""Settings as a settings file has them.

    >>> to_toml({"delimiter": ";", "header": True, "keep": ["a\x7f", 'b"']}).decode()
    'delimiter = ";"\nheader = true\nkeep = ["a\\u007f", "b\\""]\n'
    """
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items()]
    return "".join(lines).replace("\x7f", "\\u007f").encode()


def _manifests(to: Target, file: FileTarget) -> Iterator[dict[str, Any]]:
    """Of every run of every version of the file."""
    store, run = to.store(), "0" * 20
    for info in store.list(to.data_bucket, output_key("scored", file, run, "").removesuffix(f"{run}/")):
        if info.key.endswith(f"/{MANIFEST_FILE}"):
            yield json.loads(store.get(to.data_bucket, info.key).body)


def _whole(to: Target, manifest: Mapping[str, Any]) -> bool:
    """Whether nobody has removed any of the outputs."""
    keys = {entry["key"] for entry in (*manifest["parts"], *manifest["rejects"])}
    folders = {key.rpartition("/")[0] for key in keys}
    there = {info.key for folder in folders for info in to.store().list(to.data_bucket, f"{folder}/")}
    return keys <= there
