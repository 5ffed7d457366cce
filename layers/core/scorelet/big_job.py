"""What every step of a big file's run is told: the object, the model version that scores it, and where its lists lie.

    runs/<model>/<name>/<run>/job.json              this
    runs/<model>/<name>/<run>/ranges.json           what to measure
    runs/<model>/<name>/<run>/measure/00000.json    one per range
    runs/<model>/<name>/<run>/shards.json           what to score
    runs/<model>/<name>/<run>/shard/00001.json      one per shard whose parts are written
    runs/<model>/<name>/<run>/status.json           how far it is
    runs/<model>/<name>/<run>/failure.json          why the run stopped

Parts are numbered from 1: `part-00000` is a file scored in one piece, and the two never overwrite one another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from scorelet.batch_keys import Target, output_key, target_of
from scorelet.batch_manifest import Run
from scorelet.errors import EventError
from scorelet.events.s3 import S3Object
from scorelet.package import ModelPackage
from scorelet.store import ObjectStore
from scorelet.table_form import COMMA_CSV, Form

JOB, RANGES, SHARDS = "job.json", "ranges.json", "shards.json"
STATUS, FAILURE = "status.json", "failure.json"
READERS = 32  # at a time, of small objects: a run may have 80,000, to be read within one call (docs/scale.md)


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one big file. `run` is its id, and the name of the state machine's execution."""

    obj: S3Object
    run: str
    version: int
    digest: str
    settings: Mapping[str, Any]
    form: Form = COMMA_CSV

    @property
    def target(self) -> Target:
        """The model and the file's name."""
        return target_of(self.obj.key)

    def key(self, file: str) -> str:
        """Where a file of the run's own lies."""
        return output_key("runs", self.target, self.run, file)

    def with_package(self, package: ModelPackage) -> Run:
        """The run, as the manifest describes it."""
        return Run(self.obj, self.target, self.run, package, self.settings)

    def to_json(self) -> dict[str, Any]:
        """The JSON form, with the keys of the lists that the state machine reads."""
        obj = self.obj
        return {
            "source": {
                "bucket": obj.bucket,
                "key": obj.key,
                "version_id": obj.version_id,
                "etag": obj.etag,
                "size": obj.size,
                "time": obj.time,
            },
            "run": self.run,
            "model": {"version": self.version, "digest": self.digest},
            "settings": dict(self.settings),
            "form": self.form.to_json(),
            "ranges": self.key(RANGES),
            "shards": self.key(SHARDS),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form; raises EventError."""
        try:
            model, settings = data["model"], dict(data["settings"])
            form = Form.from_json(data["form"])
            obj, version = S3Object(**data["source"]), int(model["version"])
            return cls(obj, str(data["run"]), version, model["digest"], settings, form)
        except (KeyError, TypeError, ValueError) as error:
            raise EventError(f"not a run of a big file: {type(error).__name__} {error}") from error


def measure_file(number: int) -> str:
    """The name of a range's measure."""
    return f"measure/{number:05d}.json"


def shard_file(number: int) -> str:
    """The name of a shard's result."""
    return f"shard/{number:05d}.json"


def part_file(number: int) -> str:
    """The name of a shard's outputs."""
    return f"part-{number:05d}.csv"


def write_json(store: ObjectStore, job: Job, file: str, data: Any) -> None:
    """Write a file of the run's own, whatever is there."""
    body = json.dumps(data, sort_keys=True, allow_nan=False).encode()
    store.put(job.obj.bucket, job.key(file), body, "application/json")


def read_json(store: ObjectStore, job: Job, file: str) -> Any:
    """Read a file of the run's own; raises ObjectMissing."""
    return json.loads(store.get(job.obj.bucket, job.key(file)).body)


def names_in(store: ObjectStore, job: Job, folder: str) -> set[str]:
    """The names of the files in a folder of the run's own, without their ending."""
    prefix = job.key(f"{folder}/")
    return {info.key.removeprefix(prefix).removesuffix(".json") for info in store.list(job.obj.bucket, prefix)}


def read_all_json(store: ObjectStore, job: Job, files: Iterable[str]) -> list[Any]:
    """Read many of them at once; raises ObjectMissing."""
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(lambda file: read_json(store, job, file), files))
