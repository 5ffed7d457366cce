"""Let two versions score one input, each under a key of its own, and put their answers side by side.

incoming/<model>/_compare/<id>/<file>     with the metadata scorelet-version, so nothing that is promoted matters
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scorelet.batch_keys import INCOMING
from scorelet.batch_keys import Target as FileTarget
from scorelet.errors import ObjectMissing, ScoreletError
from scorelet.file_settings import MOST_SETTINGS_BYTES, SETTINGS_FILE, VERSION, everything, to_metadata
from scorelet.manifest import Manifest

from cli.compare.comparison import Comparison
from cli.compare.page import render
from cli.compare.run import Run
from cli.compare.tally import compare
from cli.compared_input import Input
from cli.drop import Dropped, fetch, wait
from cli.earlier_runs import settings_of, to_toml
from cli.progress import bar
from cli.target import Target

FOLDER = "_compare"


class NotScored(ScoreletError):
    """A version could not read the input."""

    code = "not_scored"
    remedy = "Both versions must be able to read the file; --set says how it is to be read (docs/batch-files.md)."


class SameVersion(ScoreletError):
    """A version was to be compared with itself."""

    code = "same_version"
    remedy = "Name another one: --against W. `scorelet models` lists them."


@dataclass(frozen=True, slots=True)
class Question:
    """`after` is the version that is asked about, `before` the one it is compared with (None: the live one)."""

    model: str
    after: int
    before: int | None
    settings: Mapping[str, Any]
    out: Path
    timeout: float
    quiet: bool


def compare_versions(to: Target, source: Input, question: Question) -> tuple[Comparison, list[Path]]:
    """What was found, and the two files that tell it. Raises ScoreletError, before any drop if a version is missing."""
    described = _versions(to, question)
    name, mark = Path(source.name).stem, secrets.token_hex(5)
    out = question.out / f"compare-{name}-{mark}"
    done = {} if question.settings else source.runs(to, {v: digest for v, (_, digest) in described.items()})
    read_as = settings_of(next(iter(done.values()))) if done else None
    dropped = {v: _drop(to, source, question, v, f"{mark}-{v}", read_as) for v in described if v not in done}
    manifests = {v: done.get(v) or _scored(to, dropped[v], v, question) for v in described}
    runs = [_fetched(to, manifests[v], manifest, out) for v, (manifest, _) in described.items()]
    with TemporaryDirectory() as scratch:
        found = compare(source.bring(to, Path(scratch)), *runs)
    return found, _written(found, out)


def _versions(to: Target, question: Question) -> dict[int, tuple[Manifest, str]]:
    """The packages' manifests and digests by version, the earlier one first."""
    registry = to.registry()
    before = question.before if question.before is not None else registry.alias(question.model).current.version
    if before == question.after:
        raise SameVersion(f"version {before} of {question.model} would be compared with itself")
    return {version: registry.manifest(question.model, version) for version in (before, question.after)}


def _drop(
    to: Target, source: Input, question: Question, version: int, folder: str, read_as: Mapping[str, Any] | None
) -> Dropped:
    """The input for one version: read as an earlier run read it, or with its settings and those beside it."""
    target = FileTarget(question.model, f"{FOLDER}/{folder}/{source.name}")
    store, key = to.store(), f"{INCOMING}{question.model}/{FOLDER}/{folder}/{SETTINGS_FILE}"
    if read_as is not None:
        store.put(to.data_bucket, key, to_toml(everything(read_as)))
        return source.drop(to, target, {VERSION: str(version)})
    with suppress(ObjectMissing):
        beside = store.get_small(to.data_bucket, source.folder + SETTINGS_FILE, MOST_SETTINGS_BYTES)
        store.put(to.data_bucket, key, beside)
    metadata = {**source.metadata, **to_metadata(question.settings), VERSION: str(version)}
    return source.drop(to, target, metadata)


def _scored(to: Target, file: Dropped, version: int, question: Question) -> dict[str, Any]:
    if not question.quiet:
        print(f"Waiting for the manifest of version {version} …", file=sys.stderr)
    with bar(quiet=question.quiet) as shown:
        manifest = wait(to, file, question.timeout, shown)
    if manifest["status"] == "unreadable":
        raise NotScored(f"version {version}: {manifest['error']['code']}: {manifest['error']['reason']}")
    return manifest


def _fetched(to: Target, manifest: Mapping[str, Any], described: Manifest, out: Path) -> Run:
    paths = fetch(to, manifest, out / f"version-{described.version}")
    scored, rejected = (tuple(p for p in paths if p.name.startswith(kind)) for kind in ("scored-", "rejected-"))
    return Run(described.version, described.signature, manifest, scored, rejected)


def _written(found: Comparison, out: Path) -> list[Path]:
    paths = [out / "comparison.json", out / "comparison.html"]
    paths[0].write_text(json.dumps(found.to_json(), indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    paths[1].write_text(render(found), encoding="utf-8")
    return paths
