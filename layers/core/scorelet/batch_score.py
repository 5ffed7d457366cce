"""Score a local CSV file stretch by stretch: every row goes to the scored file or to the reject file, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scorelet.batch_answers import answer, scored_header, texts_of
from scorelet.batch_rejects import RejectFile
from scorelet.csv_scan import Records
from scorelet.errors import ModelNotFound, ObjectChanged, UnreadableFile
from scorelet.package import ModelPackage
from scorelet.sketch import Sketch, merge
from scorelet.table import STRETCH_BYTES, CsvTable, Header, TextEngine, scored_lines

FileProblem = UnreadableFile | ModelNotFound | ObjectChanged
SCORED, REJECTED = "scored.csv", "rejected.csv"


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How files are scored. Only what changes the outputs is part of a run's id."""

    max_reject_rate: float = 1.0
    stretch_bytes: int = STRETCH_BYTES
    threads: int = 2
    scratch: Path | None = None

    def settings(self) -> dict[str, Any]:
        """What stands in the manifest and in the run's id."""
        return {"max_reject_rate": self.max_reject_rate}


@dataclass(slots=True)
class Totals:
    """What a run has found: the same for every way of cutting the file."""

    rows_in: int = 0
    rows_scored: int = 0
    rejects_by_code: Mapping[str, int] | None = None
    sketch: Sketch | None = None
    problem: FileProblem | None = None


class Table(Protocol):
    """Rows under a header: a whole file, or a shard of one."""

    @property
    def header(self) -> Header:
        """The file's header."""

    def records(self) -> Iterator[Records]:
        """The rows' records, a stretch at a time. To be called once."""


def score_file(source: Path, package: ModelPackage, folder: Path, options: BatchOptions) -> Totals:
    """Score a local CSV file into `folder`/scored.csv and rejected.csv; raises UnreadableFile.

    Memory is bounded by the stretch, whatever the file's size.
    """
    with source.open("rb") as file:
        return score_table(CsvTable(file, stretch_bytes=options.stretch_bytes), package, folder, options)


def score_table(table: Table, package: ModelPackage, folder: Path, options: BatchOptions) -> Totals:
    """Score the rows of a file or of a part of it into `folder`/scored.csv and rejected.csv; raises UnreadableFile."""
    totals, signature = Totals(sketch={}), package.signature
    table.header.positions(signature)
    with (
        (folder / SCORED).open("wb") as scored,
        (folder / REJECTED).open("w", encoding="utf-8", newline="") as rejected,
        TextEngine(folder, threads=options.threads) as engine,
    ):
        rejects = RejectFile(rejected)
        scored.write(scored_header(table.header, signature))
        for records in table.records():
            stretch = engine.read(signature, table.header, records)
            answers = answer(package, stretch)
            if len(answers.rows):
                texts = texts_of(signature, answers.predictions)
                scored.write(scored_lines(stretch, answers.rows, texts).data[1:])
                scored.write(b"\n")
            rejects.add(stretch, answers, len(table.header.names))
            totals.rows_in += len(records)
            totals.rows_scored += len(answers.rows)
            totals.sketch = merge([totals.sketch or {}, answers.sketch])
    totals.rejects_by_code = dict(sorted(rejects.counts.items()))
    if totals.rows_in != totals.rows_scored + rejects.rows:
        raise RuntimeError(f"{totals.rows_in} rows in, {totals.rows_scored} scored, {rejects.rows} rejected")
    return totals


def write_file_problem(folder: Path, problem: FileProblem) -> None:
    """Leave a reject file that says why the whole file was not scored."""
    with (folder / REJECTED).open("w", encoding="utf-8", newline="") as file:
        RejectFile(file).add_file_problem(problem.code, str(problem))
