"""What people see of a dropped file while they wait: a line for each step, with speed and time left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `step` is waiting, measure, cut, score or finish.

    `done` of `total` are ranges or shards; rows and bytes are those of finished shards.
    """

    step: str = "waiting"
    done: int = 0
    total: int = 0
    rows: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


class Bar(Protocol):
    """Shows progress."""

    def show(self, progress: Progress) -> None:
        """Show how far the run is now."""

    def transfer(self, word: str, done: int, total: int) -> None:
        """Show how many bytes have gone up or come down."""


@contextmanager
def bar(quiet: bool) -> Iterator[Bar]:
    """A progress bar on standard error, with the speed and the time left; nothing where `quiet`."""
    if quiet:
        yield QUIET
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description:<17}"), BarColumn(), left, TextColumn("{task.fields[detail]}"))
    with RichProgress(*columns, console=Console(file=sys.stderr), speed_estimate_period=600) as rich:
        shown = _Rich(rich)
        yield shown
        shown.end_line()


class _Nothing:
    def show(self, progress: Progress) -> None:
        """Nothing."""

    def transfer(self, word: str, done: int, total: int) -> None:
        """Nothing."""


QUIET: Bar = _Nothing()


@dataclass(slots=True)
class _Rich:
    """A line for each step, with the time left, and when it is done the time that it took."""

    rich: Any
    step: str = ""
    task: Any = None
    total: int = 0
    pieces: bool = False

    def show(self, progress: Progress) -> None:
        """Speed is that since the first shard was begun."""
        if progress.step == "measure":
            self._line("measuring", progress.done, progress.total)
        elif progress.step == "cut":
            self._line("cutting")
        elif progress.step == "score" or (progress.step == "finish" and self.step != "finishing"):
            self._line("scoring", progress.done, progress.total, progress.bytes_done, progress.bytes_total)
            speed = self._speed(progress.rows)
            self.rich.update(self.task, detail=f"{progress.rows:,} rows" + (f", {speed:,.0f} rows/s" if speed else ""))
        if progress.step == "finish":
            self._line("finishing")

    def transfer(self, word: str, done: int, total: int) -> None:
        """Bytes are told in MB."""
        self._line(word, bytes_done=done, bytes_total=total)
        speed = self._speed(done)
        self.rich.update(
            self.task,
            detail=f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" + (f", {speed / 1e6:,.0f} MB/s" if speed else ""),
        )

    def end_line(self) -> None:
        """The step that is shown is done: the next one has begun."""
        if self.task is not None:
            words = f"{self.step} {self.total}/{self.total}" if self.pieces else self.step
            total = self.rich.tasks[self.task].total or 1
            self.rich.update(self.task, description=words, completed=total, total=total)

    def _line(
        self, step: str, done: int | None = None, total: int = 0, bytes_done: int = 0, bytes_total: int | None = None
    ) -> None:
        if step != self.step:
            self.end_line()
            self.step, self.task = step, self.rich.add_task("", total=None, detail="")
        self.pieces, self.total = done is not None, total
        words = step if done is None else f"{step} {done}/{total}"
        known = bytes_total if bytes_total is not None else total or None
        self.rich.update(self.task, description=words, completed=bytes_done or done or 0, total=known)

    def _speed(self, done: int) -> float:
        elapsed = self.rich.tasks[self.task].elapsed or 0
        return done / elapsed if elapsed else 0
