"""Write a model package: the folder that the registry publishes and serving verifies."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from scorelet.errors import AlreadyExists
from scorelet.manifest import MANIFEST_FILE, MODEL_FILE, FileEntry, Manifest, digest

from training.fit import Model
from training.quiet import quiet
from training.tensorflow import keras, tf

KERAS_FILE = "model.keras"
REPORT_FILE = "report.html"
SAVED_MODEL = "saved_model"


def write_package(folder: Path, manifest: Manifest, content: bytes, model: Model, report: str) -> Manifest:
    """Write every file of the package; the manifest, last, lists them. Returns it with its `files` filled in.

    `folder` appears whole or not at all; raises AlreadyExists when it is there, since versions are never overwritten.
    """
    if folder.exists():
        raise AlreadyExists(
            f"{folder} exists already", remedy="Train under the next version, or remove the folder yourself."
        )
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    (draft / MODEL_FILE).write_bytes(content)
    (draft / REPORT_FILE).write_text(report, encoding="utf-8")
    with quiet():
        model.save(draft / KERAS_FILE)
        _write_saved_model(draft / SAVED_MODEL / str(manifest.version), model)
    manifest = replace(manifest, files=file_entries(draft))
    (draft / MANIFEST_FILE).write_bytes(manifest.to_bytes())
    draft.rename(folder)
    return manifest


def _write_saved_model(folder: Path, model: Model) -> None:
    """For TensorFlow Serving: `--model_base_path=<package>/saved_model` finds the version folder in it."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    entry = tf.TensorSpec([None, model.input_shape[1]], tf.float32, name="instances")
    archive.add_endpoint("serve", lambda instances: model(instances, training=False), input_signature=[entry])
    archive.write_out(str(folder), verbose=False)


def file_entries(folder: Path) -> Mapping[str, FileEntry]:
    """Size and digest of every file below `folder` but the manifest, by POSIX path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    bodies = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: FileEntry(len(body), digest(body)) for name, body in bodies.items() if name != MANIFEST_FILE}
