"""How far a dropped file is: read from what its run has written, so it cannot say more than is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from scorelet.batch_keys import Target, output_key
from scorelet.big_failure import RunFailed
from scorelet.big_job import FAILURE, JOB, RANGES, SHARDS
from scorelet.errors import ObjectMissing
from scorelet.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` is waiting, measure or score; `done` of `total` ranges or shards; rows and bytes of finished shards."""

    step: str = "waiting"
    done: int = 0
    total: int = 0
    rows: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


@dataclass(slots=True)
class Follower:
    """Looks after the run of one version of one file."""

    store: ObjectStore
    bucket: str
    target: Target
    version_id: str
    _folder: str = ""
    _shards: dict[str, dict[str, Any]] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)

    def look(self) -> Progress:
        """How far it is now; raises RunFailed when the run has stopped."""
        if not self._folder:
            self._folder = next(self._folders(), "")
            if not self._folder:
                return Progress()
        self._check_failure()
        if not self._shards:
            self._shards = {f"{shard['number']:05d}": shard for shard in self._read(SHARDS) or []}
            if not self._shards:
                return Progress("measure", len(self._names("measure/")), len(self._read(RANGES) or []))
        for name in self._names("shard/") - self._rows.keys():
            self._rows[name] = int((self._read(f"shard/{name}.json") or {"rows_in": 0})["rows_in"])
        sizes = {name: shard["end"] - shard["begin"] for name, shard in self._shards.items()}
        done = sum(sizes.get(name, 0) for name in self._rows)
        return Progress("score", len(self._rows), len(sizes), sum(self._rows.values()), done, sum(sizes.values()))

    def _folders(self) -> Iterator[str]:
        """The folder of the run whose job is about this version."""
        prefix = output_key("runs", self.target, "0" * 20, "").removesuffix("0" * 20 + "/")
        for info in self.store.list(self.bucket, prefix):
            folder, _, name = info.key.rpartition("/")
            if name == JOB and json.loads(self.store.get(self.bucket, info.key).body)["source"]["version_id"] == (
                self.version_id
            ):
                yield folder

    def _check_failure(self) -> None:
        note = self._read(FAILURE)
        if note and note["open"]:
            raise RunFailed(f"the run {self._folder.rpartition('/')[2]} stopped: {note['error']}: {note['reason']}")

    def _read(self, file: str) -> Any:
        try:
            return json.loads(self.store.get(self.bucket, f"{self._folder}/{file}").body)
        except ObjectMissing:
            return None

    def _names(self, folder: str) -> set[str]:
        prefix = f"{self._folder}/{folder}"
        return {i.key.removeprefix(prefix).removesuffix(".json") for i in self.store.list(self.bucket, prefix)}


class Bar(Protocol):
    """Shows progress."""

    def show(self, progress: Progress) -> None:
        """Show how far it is now."""


@contextmanager
def bar(quiet: bool) -> Iterator[Bar]:
    """A progress bar on standard error, with rows a second and the time left; nothing where `quiet`."""
    if quiet:
        yield _Nothing()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]}"), TimeRemainingColumn())
    with RichProgress(*columns, console=Console(file=sys.stderr), speed_estimate_period=600) as rich:
        yield _Rich(rich)


class _Nothing:
    def show(self, progress: Progress) -> None:
        """Nothing."""


@dataclass(slots=True)
class _Rich:
    rich: Any
    step: str = ""
    task: Any = None

    def show(self, progress: Progress) -> None:
        """A line for each step; the speed is that since the first shard was seen."""
        if progress.step == "waiting":
            return
        if progress.step != self.step:
            self.step, self.task = progress.step, self.rich.add_task("", total=None, rows="")
        if progress.step == "measure":
            words, done, total = f"measuring {progress.done}/{progress.total}", progress.done, progress.total
            self.rich.update(self.task, description=words, completed=done, total=total)
            return
        elapsed = self.rich.tasks[self.task].elapsed or 0
        speed = f", {progress.rows / elapsed:,.0f} rows/s" if elapsed and progress.rows else ""
        self.rich.update(
            self.task,
            description=f"scoring {progress.done}/{progress.total}",
            completed=progress.bytes_done,
            total=progress.bytes_total,
            rows=f"{progress.rows:,} rows{speed}",
        )
