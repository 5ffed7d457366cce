"""Put the answers of two runs side by side, row by row of their source, in bounded memory.

A scored row is told from its place in the scored file alone, so every row of the source is accounted for: a run's
scored rows are all rows less those it rejected, in order. Where that does not come out even, nothing is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scorelet.table import STRETCH_BYTES
from scorelet.table_form import Form

from cli.compare.answers import Answers, Reader, Stream
from cli.compare.rejects import Rejects, read_rejects
from cli.compare.rows import Positions, source_rows
from cli.compare.run import Incomparable, Run, common_form

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Side:
    """What one run made of n rows: which it `scored`, bool [n], and the answers to those."""

    scored: Flags
    answers: Answers | None


@dataclass(frozen=True, slots=True)
class Aligned:
    """Some rows of the source: the line each begins on, and what either run made of them."""

    line: Positions
    before: Side
    after: Side

    def both(self) -> tuple[Positions, Answers, Answers] | None:
        """Lines and answers of the rows that both runs scored; None where there is none."""
        both = self.before.scored & self.after.scored
        if not both.any() or self.before.answers is None or self.after.answers is None:
            return None
        before, after = (side.answers[both[side.scored]] for side in (self.before, self.after) if side.answers)
        return self.line[both], before, after


@dataclass(slots=True)
class _Outputs:
    rejects: Rejects
    answers: Stream

    def of(self, byte: Positions, line: Positions) -> Side:
        scored = ~self.rejects.among(byte, line)
        return Side(scored, self.answers.take(int(scored.sum())))

    def finish(self) -> None:
        self.rejects.finish()
        self.answers.finish()


def align(
    source: Path, before: Run, after: Run, labels: tuple[str, ...], *, stretch_bytes: int = STRETCH_BYTES
) -> Iterator[Aligned]:
    """Every row of the source once, in order, some at a time; raises Incomparable, at the latest at the end."""
    form, rows_in = common_form(source, before, after), 0
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory())) for _ in range(2)]
        rows = source_rows(source, form, before, stretch_bytes)
        sides = [_outputs(run, form, labels, folder) for run, folder in zip((before, after), folders, strict=True)]
        for byte, line in rows:
            yield Aligned(line, *(side.of(byte, line) for side in sides))
            rows_in += len(byte)
        for side in sides:
            side.finish()
    _check_rows(rows_in, (before, after))


def _outputs(run: Run, form: Form, labels: tuple[str, ...], scratch: Path) -> _Outputs:
    output, guard = run.written(form)
    reader = Reader(run.signature, labels, output, guard, form.delimiter)
    return _Outputs(Rejects(read_rejects(run.rejected)), Stream(reader.read(run.scored, scratch)))


def _check_rows(rows_in: int, runs: Iterable[Run]) -> None:
    for run in runs:
        if run.manifest["rows_in"] != rows_in:
            raise Incomparable(f"version {run.version} has read {run.manifest['rows_in']} rows of {rows_in}")
