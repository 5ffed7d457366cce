"""The answers of a run, read back from its scored files in any of their formats, some rows at a time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scorelet.csv_cells import split_record
from scorelet.csv_records import read_records
from scorelet.csv_scan import Records
from scorelet.formulas import guarded
from scorelet.signature import Signature
from scorelet.table import STRETCH_BYTES
from scorelet.table_form import JSONL, PARQUET

from cli.compare.columns import last_of_csv, last_of_parquet
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
        kind = self.output.partition(".")[0]
        for path in paths:
            if kind == JSONL:
                yield from self._json(path)
                continue
            text = scratch / "last.csv"
            if kind == PARQUET:
                last_of_parquet(path, self._width, text)
            else:
                last_of_csv(path, self.delimiter, self._width, text)
            yield from self._csv(text)

    def _json(self, path: Path) -> Iterator[Answers]:
        """Lines may be longer than a record."""
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            while lines := file.readlines(self.stretch_bytes):
                ours = [list(json.loads(line).values())[-self._width :] for line in lines]
                values = np.array([line[-self._outputs :] for line in ours])
                yield self._answers([str(line[0]) for line in ours], values)

    def _csv(self, path: Path) -> Iterator[Answers]:
        """Files that hold our columns alone."""
        header = True
        with path.open("rb") as file:
            for found in read_records(file, self.stretch_bytes):
                records, header = found.without_first() if header else found, False
                if len(records):
                    yield self._of_records(records)

    def _of_records(self, records: Records) -> Answers:
        rows = np.arange(len(records))
        columns = [records.field(rows, column) for column in range(self._width)]
        numbers = [_fixed(records, *column).astype(np.float64) for column in columns[-self._outputs :]]
        if not self.signature.labels:
            return self._answers([], np.stack(numbers, axis=1))
        texts, place = np.unique(_fixed(records, *columns[0]), return_inverse=True)
        names = [split_record(bytes(text))[0] for text in texts]
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
