"""The signature: the single description of a record, shared by training, the API, the CSV path and monitoring."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from scorelet.errors import ContractError

FeatureType = Literal["float", "int", "bool", "category"]
Task = Literal["binary", "multiclass", "regression"]

FLOAT32_MAX = 3.4028234663852886e38
EXACT_INTEGER = 2.0**53 - 1  # beyond it one float64 stands for several integers, and JSON readers disagree


@dataclass(frozen=True, slots=True)
class Feature:
    """One input column.

    `minimum` and `maximum` are inclusive limits; None means any finite float32. `imputation` is the value used where
    a nullable feature is null: a number, a bool, or one of `categories`.
    """

    name: str
    type: FeatureType
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    imputation: float | bool | str | None = None
    category_index: Mapping[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "category_index", {c: float(i) for i, c in enumerate(self.categories)})
        problem = self._problem()
        if problem:
            raise ContractError(f"feature {self.name!r}: {problem}")

    def _problem(self) -> str | None:  # noqa: PLR0911 - one return per rule reads as the list of rules
        if not self.name:
            return "the name is empty"
        if self.type not in get_args(FeatureType):
            return f"type {self.type!r} is not one of {', '.join(get_args(FeatureType))}"
        if (self.type == "category") != bool(self.categories):
            return "categories are for type category, and needed there"
        if "" in self.categories or len(set(self.categories)) != len(self.categories):
            return "categories must be distinct and not empty"
        if self.nullable != (self.imputation is not None):
            return "an imputation value is for nullable features, and needed there"
        if self.imputation is not None and not self._imputation_fits():
            return f"the imputation value {self.imputation!r} does not fit type {self.type}"
        limits = [x for x in (self.minimum, self.maximum) if x is not None]
        if limits and self.type in ("bool", "category"):
            return "a range is for numbers"
        if any(not math.isfinite(x) for x in limits) or limits != sorted(limits):
            return "the range must be finite and ascending"
        return None

    def _imputation_fits(self) -> bool:
        value = self.imputation
        if self.type == "category":
            return value in self.categories
        if self.type == "bool":
            return isinstance(value, bool)
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

    @property
    def low(self) -> float:
        """The smallest value the model may be given."""
        if self.type == "int":
            return -EXACT_INTEGER if self.minimum is None else max(self.minimum, -EXACT_INTEGER)
        return -FLOAT32_MAX if self.minimum is None else self.minimum

    @property
    def high(self) -> float:
        """The largest value the model may be given."""
        if self.type == "int":
            return EXACT_INTEGER if self.maximum is None else min(self.maximum, EXACT_INTEGER)
        return FLOAT32_MAX if self.maximum is None else self.maximum

    def expected(self) -> str:
        """What a value must be, in words for an error message.

        >>> Feature("age", "int", minimum=0, maximum=130).expected()
        'a whole number from 0 to 130'
        """
        if self.type == "category":
            shown = ", ".join(self.categories[:10]) + (", …" if len(self.categories) > 10 else "")
            words = f"one of: {shown}"
        elif self.type == "bool":
            words = "true or false"
        else:
            words = "a whole number" if self.type == "int" else "a finite number"
            if self.minimum is not None:
                words += f" from {self.minimum:g}"
            if self.maximum is not None:
                words += f" to {self.maximum:g}" if self.minimum is not None else f" up to {self.maximum:g}"
        return words + (", or null" if self.nullable else "")

    def to_json(self) -> dict[str, Any]:
        """The JSON form that stands in the manifest."""
        bounded = self.minimum is not None or self.maximum is not None
        return {
            "name": self.name,
            "type": self.type,
            "nullable": self.nullable,
            "range": [self.minimum, self.maximum] if bounded else None,
            "categories": list(self.categories) or None,
            "imputation": self.imputation,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Feature:
        """Read the JSON form; raises ContractError."""
        try:
            minimum, maximum = data.get("range") or (None, None)
            return cls(
                name=str(data["name"]),
                type=cast(FeatureType, data["type"]),
                nullable=bool(data.get("nullable", False)),
                minimum=minimum,
                maximum=maximum,
                categories=tuple(data.get("categories") or ()),
                imputation=data.get("imputation"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"feature {data!r} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Signature:
    """Ordered features in, a task and its labels out.

    `labels` name the classes in the order of the model's outputs (binary: negative, positive); empty for regression.
    `threshold` is the probability of the positive class at which a binary answer turns positive.
    `names` are the features' names, in the order of the model's input columns.
    """

    features: tuple[Feature, ...]
    task: Task
    target: str
    labels: tuple[str, ...] = ()
    threshold: float | None = None
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    name_set: frozenset[str] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(f.name for f in self.features))
        object.__setattr__(self, "name_set", frozenset(self.names))
        object.__setattr__(self, "_hash", hash((self.features, self.task, self.target, self.labels, self.threshold)))
        problem = self._problem()
        if problem:
            raise ContractError(f"signature: {problem}")

    def __hash__(self) -> int:
        return self._hash  # worked out once: a signature is the key of a cache on the way of every request

    def _problem(self) -> str | None:
        names = [f.name for f in self.features]
        if not names or len(set(names)) != len(names):
            return "features must be present and have distinct names"
        wanted = {"binary": 2, "regression": 0}.get(self.task, max(3, len(self.labels)))
        if self.task not in get_args(Task) or len(self.labels) != wanted or len(set(self.labels)) != wanted:
            return f"task {self.task!r} does not go with labels {list(self.labels)}"
        if any(not label or not label.isprintable() for label in self.labels):
            return "labels must be printable text"
        if (self.task == "binary") != (self.threshold is not None):
            return "a threshold is for binary tasks, and needed there"
        if self.threshold is not None and not 0 < self.threshold < 1:
            return "the threshold must lie between 0 and 1"
        return None

    def to_json(self) -> dict[str, Any]:
        """The JSON form that stands in the manifest."""
        return {
            "features": [f.to_json() for f in self.features],
            "task": self.task,
            "target": self.target,
            "labels": list(self.labels),
            "threshold": self.threshold,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signature:
        """Read the JSON form; raises ContractError."""
        try:
            return cls(
                features=tuple(Feature.from_json(f) for f in data["features"]),
                task=cast(Task, data["task"]),
                target=str(data["target"]),
                labels=tuple(data["labels"]),
                threshold=data.get("threshold"),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ContractError(f"signature cannot be read: {error!r}") from error
