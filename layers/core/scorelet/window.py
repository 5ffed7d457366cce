"""The predictions of a span of time as tables: written as Parquet, read back as counts per bin and cell of time.

Two kinds of file lie under predictions/. `log-….parquet` has one row per answer of the API: id, row, time (epoch ms),
model, version, digest, label, score, bins. `run-….parquet` has the counts of one batch run in long form: run, time,
model, version, digest, source, feature, bin, count. What was delivered twice is counted once: an answer by (id, row),
a batch by its run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import numpy as np

from scorelet.sketch import LABEL, SCORE, Bins, Counts

CELLS = 24
SHORTEST_CELL_MS = 60_000

_ANSWER_COLUMNS = """{id: 'VARCHAR', time: 'BIGINT', model: 'VARCHAR', version: 'INTEGER', digest: 'VARCHAR',
  labels: 'INTEGER[]', scores: 'FLOAT[]', bins: 'SMALLINT[][]'}"""
_COUNT_COLUMNS = """{run: 'VARCHAR', time: 'BIGINT', model: 'VARCHAR', version: 'INTEGER', digest: 'VARCHAR',
  source: 'VARCHAR', feature: 'VARCHAR', bin: 'SMALLINT', count: 'BIGINT'}"""
_NO_ANSWERS = """SELECT NULL::VARCHAR id, 0 AS row, 0::BIGINT AS time, '' AS model, 0 AS version, '' AS digest,
  0 AS label, 0::FLOAT AS score, []::SMALLINT[] AS bins WHERE false"""
_NO_COUNTS = """SELECT '' AS run, 0::BIGINT AS time, '' AS model, 0 AS version, '' AS digest, '' AS source,
  '' AS feature, 0::SMALLINT AS bin, 0::BIGINT AS count WHERE false"""


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that fetches no extensions."""
    return duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 2})


def write_answers(lines: Path, target: Path) -> None:
    """Turn prediction records (`PredictionRecord.text`, one JSON object a line) into one row per answer, as Parquet."""
    answers = f"""SELECT id, (generate_subscripts(labels, 1) - 1)::INTEGER AS row, time, model, version, digest,
      unnest(labels) AS label, unnest(scores) AS score, unnest(bins) AS bins
      FROM read_json('{lines}', format = 'newline_delimited', columns = {_ANSWER_COLUMNS})"""  # noqa: S608 - our path
    _copy(answers, target)


def write_counts(lines: Path, target: Path) -> None:
    """Turn the counts of a batch run (one JSON object a line) into Parquet."""
    _copy(
        f"SELECT * FROM read_json('{lines}', format = 'newline_delimited', columns = {_COUNT_COLUMNS})",  # noqa: S608 - our path
        target,
    )


def _copy(query: str, target: Path) -> None:
    with connect() as db:
        db.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


@dataclass(frozen=True, slots=True)
class Population:
    """Who was answered within the window: `source` is `api` or `batch`."""

    model: str
    version: int
    digest: str
    source: str
    rows: int


class Window:
    """The predictions with start_ms <= time < end_ms in some files, each counted once. Use it in a `with`."""

    def __init__(self, answers: Sequence[Path], counts: Sequence[Path], start_ms: int, end_ms: int) -> None:
        self._db = connect()
        span = {"start_ms": start_ms, "end_ms": end_ms}
        self._load("answers", "DISTINCT ON (id, row)", answers, _NO_ANSWERS, span)
        self._load("counts", "DISTINCT ON (run, feature, bin)", counts, _NO_COUNTS, span)

    def _load(self, table: str, distinct: str, files: Sequence[Path], nothing: str, span: Mapping[str, int]) -> None:
        source = f"read_parquet({[str(file) for file in files]})" if files else f"({nothing})"
        self._db.execute(
            f"CREATE TABLE {table} AS SELECT {distinct} * FROM {source} WHERE time >= $start_ms AND time < $end_ms",  # noqa: S608 - our names and paths
            span,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def populations(self) -> list[Population]:
        """Rows by model, version and source."""
        found = self._db.execute(
            """SELECT model, version, digest, 'api', count(*) FROM answers GROUP BY ALL
               UNION ALL SELECT model, version, digest, source, sum(count)::BIGINT FROM counts
               WHERE feature = $label GROUP BY ALL HAVING sum(count) > 0 ORDER BY ALL""",
            {"label": LABEL},
        ).fetchall()
        return [Population(*row) for row in found]

    def cells(self, digest: str, features: Sequence[str], bins: Mapping[str, Bins]) -> dict[str, Counts]:
        """Counts per cell of time and bin, int64 [cells, bins], by quantity, of the model with this digest.

        The span from the first to the last prediction is cut into `CELLS` equal cells, or fewer of a minute each.
        """
        first, last = self._db.execute(
            """SELECT min(time), max(time) FROM (SELECT time FROM answers WHERE digest = $digest
               UNION ALL SELECT time FROM counts WHERE digest = $digest)""",
            {"digest": digest},
        ).fetchall()[0]
        if first is None:
            return {}
        width = max(SHORTEST_CELL_MS, -(-(last - first + 1) // CELLS))
        shape = (last - first) // width + 1
        total = {name: np.zeros((shape, b.size), dtype=np.int64) for name, b in bins.items()}
        place = {"digest": digest, "first": first, "width": width}
        self._add_features(total, features, place)
        for name, column in ((SCORE, "score"), (LABEL, "label")):
            if name in bins:
                self._add_answers(total[name], column, bins[name], place)
        self._add_counts(total, place)
        return total

    def _add_features(self, total: dict[str, Counts], features: Sequence[str], place: Mapping[str, Any]) -> None:
        found = self._numbers(
            """SELECT cell, feature, bin, count(*) AS n FROM (
                 SELECT (time - $first) // $width AS cell, unnest(bins) AS bin,
                   generate_subscripts(bins, 1) - 1 AS feature FROM answers WHERE digest = $digest)
               GROUP BY ALL""",
            place,
        )
        for index, name in enumerate(features):
            here = found["feature"] == index
            _add(total[name], found["cell"][here], found["bin"][here], found["n"][here])

    def _add_answers(self, total: Counts, column: str, bins: Bins, place: Mapping[str, Any]) -> None:
        """Count scores or labels, which a record holds as they are, by the same rule as `Bins.index`."""
        rule = column if bins.values else f"len(list_filter($edges::DOUBLE[], lambda edge: edge <= {column}::DOUBLE))"
        found = self._numbers(
            f"""SELECT (time - $first) // $width AS cell, {rule} AS bin, count(*) AS n
                FROM answers WHERE digest = $digest GROUP BY ALL""",  # noqa: S608 - column is one of our two names
            {**place, **({} if bins.values else {"edges": list(bins.edges)})},
        )
        _add(total, found["cell"], found["bin"], found["n"])

    def _add_counts(self, total: dict[str, Counts], place: Mapping[str, Any]) -> None:
        found = self._numbers(
            """SELECT (time - $first) // $width AS cell, feature, bin, sum(count)::BIGINT AS n FROM counts
               WHERE digest = $digest GROUP BY ALL""",
            place,
        )
        for name, counts in total.items():
            here = found["feature"] == name
            _add(counts, found["cell"][here], found["bin"][here], found["n"][here])

    def _numbers(self, query: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._db.execute(query, parameters).fetchnumpy())


def _add(total: Counts, cells: Counts, bins: Counts, counts: Counts) -> None:
    """Add counts in place; a bin that the baseline does not have (a damaged record) is left out."""
    known = bins < total.shape[1]
    np.add.at(total, (cells[known], bins[known]), counts[known])
