"""The answers of a run, read back from its scored files in any of their formats, some rows at a time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray
from scorelet.csv_cells import split_record
from scorelet.csv_records import Readable, read_records
from scorelet.csv_scan import Records
from scorelet.formulas import guarded
from scorelet.grammar import LINES, Grammar
from scorelet.signature import Signature
from scorelet.table import STRETCH_BYTES
from scorelet.table_form import JSONL, PARQUET

from cli.compare.parquet import last_columns
from cli.compare.run import Incomparable

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Answers:
    """n answers: `label` int64 [n] into the labels of both versions (0 for a regression), `score` as scored files have
    it, `values` float64 [n, labels] the probabilities (0 for a label that the version does not know) or [n, 1].
    """

    label: Indices
    score: Floats
    values: Floats

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Answers:
        return Answers(self.label[rows], self.score[rows], self.values[rows])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Answers:
        """One after the other."""
        names = ("label", "score", "values")
        return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the scored files of one version: `labels` are those of both versions, `delimiter` that of CSV."""

    signature: Signature
    labels: tuple[str, ...]
    output: str
    guard: bool
    delimiter: str = ","
    stretch_bytes: int = STRETCH_BYTES

    def read(self, paths: Sequence[Path], scratch: Path) -> Iterator[Answers]:
        """All answers in order; raises Incomparable."""
        kind, _, packed = self.output.partition(".")
        for path in paths:
            text = scratch / "scored.csv"
            if kind == PARQUET:
                last_columns(path, self._width, text)
            with _opened(text if kind == PARQUET else path, bool(packed)) as file:
                yield from self._json(file) if kind == JSONL else self._csv(file, kind)

    def _json(self, file: Readable) -> Iterator[Answers]:
        for records in read_records(file, self.stretch_bytes, grammar=LINES):
            _check(records)
            lines = [list(json.loads(records.raw(i)).values())[-self._width :] for i in range(len(records))]
            yield self._answers([str(line[0]) for line in lines], np.array([line[-self._outputs :] for line in lines]))

    def _csv(self, file: Readable, kind: str) -> Iterator[Answers]:
        """The last columns of every row: ours stand behind those of the file."""
        delimiter, header = ("," if kind == PARQUET else self.delimiter), True
        for found in read_records(file, self.stretch_bytes, grammar=Grammar(delimiter)):
            records, header = found.without_first() if header else found, False
            _check(records)
            if len(records):
                yield self._of_records(records, delimiter)

    def _of_records(self, records: Records, delimiter: str) -> Answers:
        rows, width = np.arange(len(records)), int(records.columns[0])
        columns = [records.field(rows, column) for column in range(width - self._width, width)]
        numbers = [_fixed(records, *column).astype(np.float64) for column in columns[-self._outputs :]]
        if not self.signature.labels:
            return self._answers([], np.stack(numbers, axis=1))
        texts, place = np.unique(_fixed(records, *columns[0]), return_inverse=True)
        names = [split_record(bytes(text), delimiter)[0] for text in texts]
        return self._answers(names, np.stack(numbers, axis=1), place)

    @property
    def _outputs(self) -> int:
        return max(1, len(self.signature.labels))

    @property
    def _width(self) -> int:
        return self._outputs + 2 if self.signature.labels else 1

    def _answers(self, names: Sequence[str], outputs: Floats, place: Indices | None = None) -> Answers:
        """`names` are the labels of the rows, or those that `place` points into."""
        own = outputs.astype(np.float32).astype(np.float64)  # every text reads back as the float32 that was answered
        if not self.signature.labels:
            return Answers(np.zeros(len(own), dtype=np.int64), own[:, 0], own)
        written = self._written()
        try:
            label = np.array([written[name] for name in names], dtype=np.int64)
        except KeyError as error:
            raise Incomparable("a scored file holds a label that its version does not have") from error
        label = label if place is None else label[place]
        values = np.zeros((len(own), len(self.labels)))
        values[:, [self.labels.index(name) for name in self.signature.labels]] = own
        binary = self.signature.task == "binary"
        return Answers(label, own[:, 1] if binary else values[np.arange(len(own)), label], values)

    def _written(self) -> Mapping[str, int]:
        """The labels as they are written."""
        return {guarded(n) if self.guard else n: self.labels.index(n) for n in self.signature.labels}


def _opened(path: Path, packed: bool) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if packed else path.open("rb")


def _check(records: Records) -> None:
    if records.fault.any() or (len(records) and (records.columns != records.columns[0]).any()):
        raise Incomparable(
            "a scored row cannot be read back: with our columns it is longer than a record may be",
            remedy="Leave its long columns out: --set drop=NAME.",
        )


def _fixed(records: Records, start: Indices, end: Indices) -> NDArray[np.bytes_]:
    """The texts of some cells as an array of bytes of one length."""
    width = max(1, int((end - start).max()))
    steps = np.arange(width)
    texts = records.data[np.minimum(start[:, None] + steps, len(records.data) - 1)]
    texts[steps >= (end - start)[:, None]] = 0
    return texts.view(f"S{width}")[:, 0]


@dataclass(slots=True)
class Stream:
    """Answers to be taken in order, as many at a time as are needed."""

    source: Iterator[Answers]
    _waiting: list[Answers] = field(default_factory=list)

    def take(self, count: int) -> Answers | None:
        """The next answers, None for none of them; raises Incomparable when there are not as many."""
        if not count:
            return None
        while sum(map(len, self._waiting)) < count:
            fresh = next(self.source, None)
            if fresh is None:
                raise Incomparable("there are fewer scored rows than rows that were not rejected")
            self._waiting.append(fresh)
        joined = Answers.joined(self._waiting)
        self._waiting = [joined[count:]]
        return joined[:count]

    def finish(self) -> None:
        """Raises Incomparable where answers are left over."""
        if any(map(len, self._waiting)) or next(self.source, None) is not None:
            raise Incomparable("there are more scored rows than rows that were not rejected")
