"""Where a dropped file's outputs go: keys under scored/ and rejected/, and the id of the run that writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorelet.errors import EventError
from scorelet.events.s3 import S3Object
from scorelet.file_settings import SETTINGS_FILE

INCOMING = "incoming/"
PART = "part-00000.csv"
LONGEST_PART = "part-00000.jsonl.gz"
MANIFEST = "manifest.json"
MOST_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Target:
    """The model a file was dropped for, and the file's own name below it."""

    model: str
    name: str


def target_of(key: str) -> Target:
    """Read incoming/<model>/<name>; raises EventError for any other key, our own outputs above all."""
    model, slash, name = key.removeprefix(INCOMING).partition("/")
    if not key.startswith(INCOMING) or not (model and slash and name):
        raise EventError(
            f"a key outside {INCOMING}<model>/ is never scored",
            remedy=f"Drop files under {INCOMING}<model>/; check the filter of the trigger.",
        )
    return Target(model, name)


def is_no_table(obj: S3Object) -> bool:
    """Whether this is the empty object that consoles and sync tools make for a folder, or a file of settings."""
    return (obj.key.endswith("/") and obj.size == 0) or obj.key.rpartition("/")[2] == SETTINGS_FILE


def run_id(obj: S3Object, model_digest: str | None, settings: Mapping[str, Any]) -> str:
    """The name of this work: the same for the same bytes, model and settings, whoever does it and how often."""
    return _short_hash(*_identity(obj), model_digest or "", dict(settings))


def object_id(obj: S3Object) -> str:
    """The name of this very state of the object."""
    return _short_hash(*_identity(obj))


def _identity(obj: S3Object) -> tuple[str, str, str]:
    return obj.bucket, obj.key, obj.version_id or obj.etag


def _short_hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def output_key(kind: str, target: Target, run: str, file: str) -> str:
    """`<kind>/<model>/<name>/<run>/<file>`, with the name cut and marked where the key would pass S3's 1,024 bytes.

    >>> output_key("scored", Target("iris", "a/b.csv"), "0af3", "part-00000.csv")
    'scored/iris/a/b.csv/0af3/part-00000.csv'
    """
    around = len(f"rejected/{target.model}//{run}/{LONGEST_PART}".encode())
    return f"{kind}/{target.model}/{_fitted(target.name, MOST_KEY_BYTES - around)}/{run}/{file}"


def output_folder(kind: str, target: Target) -> str:
    """What the keys of all runs of a file begin with.

    >>> output_folder("scored", Target("iris", "a/b.csv"))
    'scored/iris/a/b.csv/'
    """
    run = _short_hash()  # they are all of one length, which decides where a long name is cut
    return output_key(kind, target, run, "").removesuffix(f"{run}/")


def _fitted(name: str, most: int) -> str:
    raw = name.encode("utf-8", "surrogatepass")
    if len(raw) <= most:
        return name
    mark = "~" + hashlib.sha256(raw).hexdigest()[:16]
    return raw[: most - len(mark)].decode("utf-8", "ignore") + mark
