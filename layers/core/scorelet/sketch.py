"""A mergeable count of values per baseline bin: what training keeps of its data and monitoring compares with.

Bins are fixed by the baseline, so counts from Lambda calls, shards and days add up exactly, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.errors import ContractError
from scorelet.signature import Feature

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bins:
    """How one quantity is cut into bins.

    Numbers: bin i holds edges[i-1] <= x < edges[i], so k edges make k + 1 bins. Categories and bools: bin i is value
    i, of `values` bins. One more bin at the end counts nulls.
    """

    edges: tuple[float, ...] = ()
    values: int = 0

    @property
    def null_bin(self) -> int:
        """The index of the bin of nulls, which is the last."""
        return self.values if self.values else len(self.edges) + 1

    @property
    def size(self) -> int:
        """How many bins there are, that of nulls included."""
        return self.null_bin + 1

    def index(self, values: NDArray[np.float32], null: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The bin of each of n values; `null` bool [n] marks what was null before imputation."""
        numbers = values.astype(np.float64)
        found = numbers.astype(np.int64) if self.values else self._below(numbers)
        return np.where(null, self.null_bin, found) if null.any() else found

    def _below(self, numbers: NDArray[np.float64]) -> NDArray[np.int64]:
        """How many edges each number is not below. For a few edges, counting beats searching ten times over."""
        if len(self.edges) > 64:
            return np.searchsorted(self.edges, numbers, side="right").astype(np.int64)
        found = np.zeros(len(numbers), dtype=np.uint8)
        for edge in self.edges:
            found += numbers >= edge
        return found.astype(np.int64)

    def count(self, indices: NDArray[np.int64]) -> Counts:
        """How often each bin occurs: int64 [size]."""
        return np.bincount(indices, minlength=self.size).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        """The JSON form that stands in the baseline."""
        return {"values": self.values} if self.values else {"edges": list(self.edges)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Bins:
        """Read the JSON form; raises ContractError."""
        edges, values = tuple(float(e) for e in data.get("edges") or ()), int(data.get("values") or 0)
        if list(edges) != sorted(set(edges)) or values < 0:
            raise ContractError("bin edges must ascend")
        return cls(edges, values)

    @classmethod
    def for_feature(cls, feature: Feature, values: NDArray[np.float32], most: int = 10) -> Bins:
        """Bins for a feature: one per category, or up to `most` of equal share of the training values (not null)."""
        if feature.type == "category":
            return cls(values=len(feature.categories))
        if feature.type == "bool":
            return cls(values=2)
        return cls.of_equal_share(values, most)

    @classmethod
    def of_equal_share(cls, values: NDArray[np.float32], most: int = 10) -> Bins:
        """Up to `most` bins, cut at quantiles of `values` float32 [n]; ties may leave fewer."""
        if not len(values):
            return cls()
        cuts: NDArray[np.float64] = np.quantile(values.astype(np.float64), np.linspace(0, 1, most + 1)[1:-1])
        return cls(edges=tuple(sorted({float(np.float32(cut)) for cut in cuts})))


SCORE = "__score__"
LABEL = "__label__"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What training saw: bins and counts for every feature, for the score (`SCORE`) and the label (`LABEL`)."""

    bins: Mapping[str, Bins]
    counts: Mapping[str, Counts]

    def to_json(self) -> dict[str, Any]:
        """The JSON form that stands in the manifest."""
        return {name: {**bins.to_json(), "counts": self.counts[name].tolist()} for name, bins in self.bins.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Baseline:
        """Read the JSON form; raises ContractError."""
        bins = {name: Bins.from_json(entry) for name, entry in data.items()}
        counts = {name: np.array(entry["counts"], dtype=np.int64) for name, entry in data.items()}
        for name, cut in bins.items():
            if len(counts[name]) != cut.size or (counts[name] < 0).any():
                raise ContractError(f"baseline of {name!r}: {len(counts[name])} counts for {cut.size} bins")
        return cls(bins, counts)


Sketch = dict[str, Counts]


def merge(sketches: Iterable[Mapping[str, Counts]]) -> Sketch:
    """Add sketches over the same bins.

    >>> {k: v.tolist() for k, v in merge([{"a": np.array([1, 0])}, {"a": np.array([2, 5])}]).items()}
    {'a': [3, 5]}
    """
    total: Sketch = {}
    for sketch in sketches:
        for name, counts in sketch.items():
            total[name] = total[name] + counts if name in total else counts.copy()
    return total
