"""A second version of the tiny model: other answers, and other rows that it rejects, than the first one has."""

from dataclasses import replace
from functools import cache

from scorelet.manifest import MANIFEST_FILE, Manifest
from scorelet.package import ModelPackage, load_package
from scorelet.signature import Task

from tests.fakes.package import LABELS, tiny_package


@cache
def second_version(task: Task = "multiclass", version: int = 2) -> tuple[dict[str, bytes], Manifest]:
    """Its labels stand in the other order; it takes amounts from 0 to 2000, the first version from -1000 to 1000."""
    files, manifest = tiny_package(task, version=version, labels=LABELS[task][::-1])
    amount, *others = manifest.signature.features
    features = (replace(amount, minimum=0, maximum=2000), *others)
    manifest = replace(manifest, signature=replace(manifest.signature, features=features))
    return {**files, MANIFEST_FILE: manifest.to_bytes()}, manifest


def both_versions(task: Task = "multiclass") -> tuple[ModelPackage, ModelPackage]:
    """The first and the second version, loaded."""
    first, second = (
        load_package(files.__getitem__, expected_digest=None, public_key=None)
        for files, _ in (tiny_package(task), second_version(task))
    )
    return first, second
