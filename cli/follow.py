"""How far a dropped file is, as the status of its run says: never more than is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scorelet.batch_keys import Target, output_folder
from scorelet.big_failure import RunFailed
from scorelet.big_job import FAILURE, JOB, STATUS
from scorelet.big_status import Status
from scorelet.errors import ObjectMissing
from scorelet.store import ObjectStore

from cli.progress import Progress


@dataclass(slots=True)
class Follower:
    """Looks after the run of one version of one file."""

    store: ObjectStore
    bucket: str
    target: Target
    version_id: str
    _folder: str = ""

    @property
    def run(self) -> str:
        """The run's id, once it has been seen; empty before, and for a file in one piece."""
        return self._folder.rpartition("/")[2]

    def look(self) -> Progress:
        """How far it is now; raises RunFailed when the run has stopped."""
        self._folder = self._folder or next(self._folders(), "")
        if not self._folder:
            return Progress()
        note = self._read(FAILURE)
        if note and note["open"]:
            raise RunFailed(f"the run {self.run} stopped: {note['error']}: {note['reason']}")
        status = self._read(STATUS)
        return _progress(Status.from_json(status)) if status else Progress()

    def _folders(self) -> Iterator[str]:
        """The folder of the run whose job is about this version."""
        for info in self.store.list(self.bucket, output_folder("runs", self.target)):
            folder, _, name = info.key.rpartition("/")
            if name == JOB and json.loads(self.store.get(self.bucket, info.key).body)["source"]["version_id"] == (
                self.version_id
            ):
                yield folder

    def _read(self, file: str) -> Any:
        try:
            return json.loads(self.store.get(self.bucket, f"{self._folder}/{file}").body)
        except ObjectMissing:
            return None


def _progress(status: Status) -> Progress:
    if status.step == "measure":
        step = "cut" if status.ranges_done == status.ranges else "measure"
        return Progress(step, status.ranges_done, status.ranges)
    step = "finish" if status.shards_done == status.shards else "score"
    return Progress(step, status.shards_done, status.shards, status.rows_in, status.bytes_done, status.bytes)
