"""Score a local file stretch by stretch: every row goes to the scored file or to the reject file, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scorelet.batch_answers import answer, answer_texts
from scorelet.batch_rejects import RejectFile
from scorelet.errors import ContractError, ModelNotFound, ObjectChanged, PackageRefused, UnreadableFile
from scorelet.file_settings import FileSettings
from scorelet.open_rows import open_parquet, open_rows
from scorelet.outputs import OUTPUTS, PLAIN, Output, Wanted, write_output
from scorelet.package import ModelPackage
from scorelet.parquet_in import parquet_to_csv
from scorelet.rows import Rows
from scorelet.sketch import Sketch, merge
from scorelet.table import STRETCH_BYTES
from scorelet.table_form import HEAD_BYTES, PARQUET, Form, find_form
from scorelet.text_engine import TextEngine
from scorelet.texts import weave

FileProblem = UnreadableFile | ModelNotFound | PackageRefused | ContractError | ObjectChanged
REJECTED = "rejected.csv"


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How files are scored. Only what changes the outputs is part of a run's id.

    A file that cannot be cut may have `most_packed_bytes`, and `most_bytes` may be written of it as text. With what is
    made of that it fits the disk, as a rule; where it does not, that is told too.
    """

    max_reject_rate: float = 1.0
    stretch_bytes: int = STRETCH_BYTES
    threads: int = 2
    scratch: Path | None = None
    most_packed_bytes: int = 256 << 20
    most_bytes: int = 512 << 20
    file: FileSettings = field(default_factory=FileSettings)

    def settings(self) -> dict[str, Any]:
        """What stands in the manifest and in the run's id."""
        return {"max_reject_rate": self.max_reject_rate, **self.file.changed()}


@dataclass(slots=True)
class Totals:
    """What a run has found: the same for every way of cutting the file."""

    rows_in: int = 0
    rows_scored: int = 0
    rejects_by_code: Mapping[str, int] | None = None
    sketch: Sketch | None = None
    problem: FileProblem | None = None
    output: Output = OUTPUTS["csv"]
    read_as: Mapping[str, Any] | None = None


def score_file(source: Path, package: ModelPackage, folder: Path, options: BatchOptions) -> Totals:
    """Score a local file of any form into `folder`/scored.* and rejected.csv; raises UnreadableFile.

    Memory is bounded by the stretch, whatever the file's size.
    """
    with source.open("rb") as file:
        form = find_form(file.read(HEAD_BYTES), options.file, package.signature.names)
    with form.told(options.file) as read_as:
        totals = _score_form(form, source, package, folder, options)
    totals.read_as = read_as
    return totals


def _score_form(form: Form, source: Path, package: ModelPackage, folder: Path, options: BatchOptions) -> Totals:
    wanted = Wanted(options.file.output or form.output, most_bytes=None if form.can_be_cut else options.most_bytes)
    if form.kind == PARQUET:
        return _score_parquet(source, wanted, package, folder, options)
    with source.open("rb") as file:
        rows = open_rows(file, form, package.signature, options.file, stretch_bytes=options.stretch_bytes)
        return score_rows(rows, wanted, package, folder, options)


def _score_parquet(source: Path, wanted: Wanted, package: ModelPackage, folder: Path, options: BatchOptions) -> Totals:
    text, settings = folder / "source.csv", replace(options.file, output=wanted.output)
    try:
        table = parquet_to_csv(source, text, package.signature, options.threads, settings.delimiter or ",")
        with text.open("rb") as file:
            rows = open_parquet(file, table.header, package.signature, settings, stretch_bytes=options.stretch_bytes)
            wanted = replace(wanted, types=table.types, numbered=True)
            totals = score_rows(rows, wanted, package, folder, replace(options, file=settings))
    finally:
        text.unlink(missing_ok=True)
    if totals.rows_in != table.rows:
        raise RuntimeError(f"{totals.rows_in} rows were read of {table.rows}")
    return totals


def score_rows(rows: Rows, wanted: Wanted, package: ModelPackage, folder: Path, options: BatchOptions) -> Totals:
    """Score rows into `folder`/rejected.csv and scored.*; raises FileTooLarge past the bytes that may be written."""
    totals, signature = Totals(sketch={}), package.signature
    labels = [rows.label(name) for name in signature.labels]
    with (
        (folder / PLAIN).open("wb") as scored,
        (folder / REJECTED).open("w", encoding="utf-8", newline="") as rejected,
        TextEngine(folder, threads=options.threads) as engine,
    ):
        id_of = rows.row_id if options.file.id else None
        rejects = RejectFile(rejected, guard=options.file.escape_formulas, id_of=id_of, numbered=wanted.numbered)
        scored.write(rows.head())
        for records in rows.records():
            stretch = rows.read(engine, records)
            answers = answer(package, stretch)
            if len(answers.rows):
                texts = answer_texts(signature, answers.predictions, labels, rows.delimiter)
                scored.write(weave(rows.lines(stretch, answers.rows, texts)).data[1:])
                scored.write(b"\n")
            rejects.add(stretch, answers, rows.width, rows_before=totals.rows_in)
            totals.rows_in += len(records)
            totals.rows_scored += len(answers.rows)
            totals.sketch = merge([totals.sketch or {}, answers.sketch])
            wanted.check(scored.tell() + rejected.tell())
    totals.rejects_by_code = dict(sorted(rejects.counts.items()))
    if totals.rows_in != totals.rows_scored + rejects.rows:
        raise RuntimeError(f"{totals.rows_in} rows in, {totals.rows_scored} scored, {rejects.rows} rejected")
    totals.output = write_output(folder, rows, wanted, signature, totals.rows_scored)
    return totals


def write_file_problem(folder: Path, problem: FileProblem) -> None:
    """Leave a reject file that says why the whole file was not scored."""
    with (folder / REJECTED).open("w", encoding="utf-8", newline="") as file:
        RejectFile(file).add_file_problem(problem.code, str(problem))
