"""What moved, in words: the one change of a distribution over baseline bins that a person should look at first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorelet.signature import Signature
from scorelet.sketch import LABEL, Bins

Shares = NDArray[np.float64]


def bin_names(name: str, signature: Signature) -> tuple[str, ...]:
    """The names of a quantity's values: categories, false and true, or the labels; empty for numbers."""
    if name == LABEL:
        return signature.labels
    feature = next((f for f in signature.features if f.name == name), None)
    if feature is not None and feature.type == "bool":
        return ("false", "true")
    return feature.categories if feature is not None else ()


def describe_movement(bins: Bins, names: Sequence[str], before: Shares, after: Shares) -> str:
    """The largest change from `before` to `after`, shares per bin, as one clause.

    >>> describe_movement(Bins(edges=(2.5,)), (), np.array([0.5, 0.5, 0]), np.array([0.1, 0.9, 0]))
    'higher: 90 % of the values are 2.5 or more, 50 % in training'
    """
    change = after - before
    if bins.values or not bins.edges or abs(change[bins.null_bin]) >= np.abs(_above(change)).max():
        grew = np.max(change) >= -np.min(change) - 1e-9  # of a tie, name what there is more of
        index = int(np.argmax(change) if grew else np.argmin(change))
        word = "more" if grew else "less"
        return f"{word} {_bin_name(bins, names, index)}: {_share(after[index])}, {_share(before[index])} in training"
    cut = int(np.argmax(np.abs(_above(change))))
    high, was = _above(after)[cut], _above(before)[cut]
    word = "higher" if high > was else "lower"
    return f"{word}: {_share(high)} of the values are {bins.edges[cut]:.6g} or more, {_share(was)} in training"


def _above(shares: Shares) -> Shares:
    """The share of values at or above each edge, nulls left out."""
    return np.cumsum(shares[-2::-1])[-2::-1]


def _bin_name(bins: Bins, names: Sequence[str], index: int) -> str:
    if index == bins.null_bin:
        return "nulls"
    return repr(names[index]) if index < len(names) else f"values in bin {index}"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"
