"""The one core call behind every protocol: rows in, answers and refusals out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from scorelet.api.parameters import Parameters
from scorelet.api.refuse import Located
from scorelet.errors import InvalidRecords
from scorelet.explain import Explanation, explain
from scorelet.features import Column, Encoded, Problem
from scorelet.package import ModelPackage
from scorelet.predict import Predictions

MOST_PROBLEMS = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rows:
    """n records as columns. `locate` names a problem's place in the caller's document.

    `extra` are problems that no column can hold, such as fields the model does not have.
    """

    columns: Mapping[str, Column]
    locate: Callable[[Problem], str]
    extra: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Predictions, and explanations if asked for, of the valid rows in order; the others' `problems` by row."""

    package: ModelPackage
    encoded: Encoded
    predictions: Predictions
    problems: Mapping[int, Sequence[Located]]
    explanations: Sequence[Explanation] = ()

    def by_row(self, answers: Sequence[T], refusal: Callable[[Sequence[Located]], T]) -> list[T]:
        """One item per row that was sent: an answer, or what `refusal` makes of its problems."""
        if not self.problems:
            return list(answers)
        following = iter(answers)
        return [
            refusal(self.problems[row]) if row in self.problems else next(following)
            for row in range(len(self.encoded.valid))
        ]


def score(package: ModelPackage, rows: Rows, parameters: Parameters, explain_seconds: float = 2.0) -> Answer:
    """Validate and answer; raises InvalidRecords unless the caller wants refusals row by row.

    Explanations take up to `explain_seconds`. A model that answers without a finite number is a fault: ArithmeticError.
    """
    encoded = package.encode(rows.columns)
    problems: Mapping[int, Sequence[Located]] = {}
    if rows.extra or not encoded.valid.all():
        problems = _problems(encoded, rows)
        if not parameters.by_row:
            refuse([p for found in problems.values() for p in found])
        encoded = encoded.without(list(problems))
    predictions = package.predict(encoded)
    if not np.isfinite(predictions.outputs).all():
        raise ArithmeticError("the model's answer to valid records is not finite")
    if not parameters.explain:
        return Answer(package, encoded, predictions, problems)
    matrix = encoded.matrix[encoded.valid]
    found = explain(package, matrix, predictions.label, budget_seconds=explain_seconds)
    return Answer(package, encoded, predictions, problems, found)


def _problems(encoded: Encoded, rows: Rows) -> dict[int, list[Located]]:
    by_row: dict[int, list[Located]] = {}
    unread = {problem.row for problem in rows.extra if not problem.feature}  # their cells say nothing
    cells = [problem for problem in encoded.problems() if problem.row not in unread]
    for problem in [*cells, *rows.extra]:
        by_row.setdefault(problem.row, []).append(Located(rows.locate(problem), problem))
    return dict(sorted(by_row.items()))


def refuse(problems: Sequence[Located]) -> None:
    """Raise InvalidRecords for these problems, of which there is at least one."""
    first, rows = problems[0], len({p.problem.row for p in problems})
    more = f" ({len(problems) - 1} more in {rows} record(s))" if len(problems) > 1 else ""
    words = f"{first.pointer}: {first.problem.reason}; expected {first.problem.expected}{more}"
    raise InvalidRecords(words, tuple(problems[:MOST_PROBLEMS]))


def identity(answer: Answer, prediction_id: str) -> dict[str, object]:
    """Which model answered, under which id, and with which threshold."""
    manifest = answer.package.manifest
    found: dict[str, object] = {
        "model": manifest.name,
        "model_version": manifest.version,
        "model_digest": answer.package.digest,
        "prediction_id": prediction_id,
    }
    if manifest.signature.threshold is not None:
        found["threshold"] = manifest.signature.threshold
    return found


def refusal(problems: Sequence[Located]) -> dict[str, object]:
    """What stands in the place of an answer to a row that was refused."""
    return {"error": "the record does not fit the model", "problems": [p.to_json() for p in problems]}
