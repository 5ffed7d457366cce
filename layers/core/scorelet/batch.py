"""One dropped file to its scored rows, its rejects and the manifest that commits them, with exactly one effect.

Every output lies under the run's id, and its bytes follow from the object, the model and the settings alone. So workers
may be killed, repeated or run side by side: they write the same parts, and one of them writes the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scorelet.batch_keys import MANIFEST, PART, output_key, run_id, target_of
from scorelet.batch_manifest import Part, Run, describe_run, manifest_bytes, part_of
from scorelet.batch_pin import ServedModels, pinned_package
from scorelet.batch_score import BatchOptions, FileProblem, Totals, score_file, write_file_problem
from scorelet.comparison import PURPOSE, purpose_of
from scorelet.errors import (
    OVERWRITTEN,
    ModelNotFound,
    ObjectChanged,
    UnreadableFile,
)
from scorelet.events.s3 import S3Object
from scorelet.file_settings import BadSettings, FileSettings
from scorelet.outputs import OUTPUTS, Output
from scorelet.package import ModelPackage
from scorelet.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an object. `committed` is True for the one worker that wrote the manifest, which it holds."""

    model: str
    run: str
    committed: bool
    manifest: Mapping[str, Any] | None = None


def score_object(obj: S3Object, store: ObjectStore, models: ServedModels, options: BatchOptions) -> Outcome:
    """Score one object, or find that it is done already.

    A file that no retry can help is committed as unreadable. Raises EventError for a key outside incoming/<model>/,
    ObjectMissing, PackageRefused and whatever the store raises: those deliveries are to be repeated.
    """
    run, problem = settle_run(obj, store, models, options)
    if is_done(run, store):
        return Outcome(run.target.model, run.id, committed=False)
    if problem is not None or run.package is None:
        return commit_problem(run, store, problem, options)
    options = options_of(run, options)
    with TemporaryDirectory(dir=options.scratch) as folder:
        try:
            totals = _score(run, run.package, store, Path(folder), options)
        except (UnreadableFile, ObjectChanged) as error:
            return commit_problem(run, store, error, options)
        scored = upload(run, store, Path(folder), "scored", PART, totals.rows_scored, totals.output)
        rejected = upload(run, store, Path(folder), "rejected", PART, totals.rows_in - totals.rows_scored)
    return commit(run, store, totals, [scored], [rejected])


def settle_run(
    obj: S3Object, store: ObjectStore, models: ServedModels, options: BatchOptions
) -> tuple[Run, FileProblem | None]:
    """Which model scores the object with which settings, or why a retry could find neither."""
    target, file, problem = target_of(obj.key), options.file, None
    pinned = pinned_package(obj, target, store, models, options.max_reject_rate)
    try:
        file = FileSettings.read({**file.changed(), **pinned.settings})
    except BadSettings as error:
        problem = error
    options = replace(options, max_reject_rate=pinned.max_reject_rate, file=file)
    settings = {**options.settings(), **purpose_of(pinned.asked)}
    run = run_id(obj, pinned.package.digest if pinned.package else None, settings)
    return Run(obj, target, run, pinned.package, settings), pinned.problem or problem


def options_of(run: Run, options: BatchOptions) -> BatchOptions:
    """The options with the file settings of a run."""
    return replace(options, file=file_settings_of(run.settings))


def file_settings_of(settings: Mapping[str, Any]) -> FileSettings:
    """The file's part of a run's settings, as its manifest has them."""
    return FileSettings.read({n: value for n, value in settings.items() if n not in ("max_reject_rate", PURPOSE)})


def is_done(run: Run, store: ObjectStore) -> bool:
    """Whether the run's manifest is there."""
    return store.exists(run.obj.bucket, output_key("scored", run.target, run.id, MANIFEST))


def upload(
    run: Run, store: ObjectStore, folder: Path, kind: str, file: str, rows: int, form: Output = OUTPUTS["csv"]
) -> Part:
    """Upload `folder`/<kind>.csv, or what the form calls it, as an output of the run."""
    path = folder / f"{kind}{form.suffix}"
    key = output_key(kind, run.target, run.id, file.removesuffix(".csv") + form.suffix)
    store.put(run.obj.bucket, key, path, form.content_type)
    return part_of(path, key, rows)


def commit(run: Run, store: ObjectStore, totals: Totals, parts: Sequence[Part], rejects: Sequence[Part]) -> Outcome:
    """Write the manifest, unless somebody else was first."""
    manifest = describe_run(run, totals, parts, rejects)
    key = output_key("scored", run.target, run.id, MANIFEST)
    committed = store.put_if_absent(run.obj.bucket, key, manifest_bytes(manifest), "application/json")
    return Outcome(run.target.model, run.id, committed, manifest)


def commit_problem(run: Run, store: ObjectStore, problem: FileProblem | None, options: BatchOptions) -> Outcome:
    """Commit why the whole file was not scored."""
    problem = problem or ModelNotFound(f"there is no model {run.target.model!r}")
    with TemporaryDirectory(dir=options.scratch) as folder:
        write_file_problem(Path(folder), problem)
        rejected = upload(run, store, Path(folder), "rejected", PART, 0)
    totals = Totals(problem=problem, read_as=problem.read_as if isinstance(problem, UnreadableFile) else None)
    return commit(run, store, totals, [], [rejected])


def _score(run: Run, package: ModelPackage, store: ObjectStore, folder: Path, options: BatchOptions) -> Totals:
    source = folder / "source"
    try:
        _download(run.obj, store, source)
        return score_file(source, package, folder, options)
    finally:
        source.unlink(missing_ok=True)


def _download(obj: S3Object, store: ObjectStore, path: Path) -> None:
    """The very state that was announced; raises ObjectMissing or ObjectChanged."""
    found = store.download(obj.bucket, obj.key, path, obj.version_id)
    if obj.etag and found.etag != obj.etag:
        raise ObjectChanged(OVERWRITTEN)
