"""What a comparison of two versions found. Differences are the later version's answer less the earlier one's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rows:
    """Which of the source's rows were scored by whom."""

    both: int
    only_before: int
    only_after: int
    neither: int


@dataclass(frozen=True, slots=True)
class Flips:
    """Rows with another label, of those scored by both; Wilson's 95 % interval; `matrix[i][j]`: from label i to j."""

    count: int
    share: float | None
    low: float | None
    high: float | None
    matrix: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """How one output moved: a class's probability, or the value of a regression. `largest` is signed, on `line`."""

    name: str
    mean: float
    largest: float
    line: int


@dataclass(frozen=True, slots=True)
class Differences:
    """Of every row: the change of a regression's value, or the largest change of a class's probability (unsigned).

    Quantiles by their share in percent, such as "50"; each within `quantile_error` of a value that occurs.
    """

    mean: float | None
    mean_absolute: float | None
    lowest: float | None
    highest: float | None
    quantiles: Mapping[str, float | None]
    absolute_quantiles: Mapping[str, float | None]
    histogram: tuple[int, ...]
    quantile_error: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """Rows whose probability of `label` is on the other side of `threshold`, that of the earlier version.

    `share` is of the rows scored by both, with Wilson's 95 % interval.
    """

    label: str
    threshold: float
    rose: int
    fell: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """A row that differs: the line it begins on, both answers (labels are None for a regression), how far apart."""

    line: int
    label_before: str | None
    score_before: float
    label_after: str | None
    score_after: float
    difference: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it. `label_counts` are of all rows that a version scored: name, before, after.

    `correlation` is Pearson's, of both versions' values, or their probabilities of the label that was given before (of
    two binary versions: of the positive one). `crossing` is for the latter only.

    `named_by` is line, or row where the source is Parquet: then every `line` is the row's number, from 1.
    """

    model: str
    task: str
    before: int
    after: int
    source: str
    named_by: str
    rows: Rows
    labels: tuple[str, ...]
    label_counts: tuple[tuple[str, int, int], ...]
    flips: Flips | None
    differences: Differences
    correlation: float | None
    crossing: Crossing | None
    shifts: tuple[Shift, ...]
    most_different: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)
