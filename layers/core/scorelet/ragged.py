"""Texts of many rows as one run of bytes with their lengths: cut out and woven together without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ragged:
    """n texts: `flat` uint8 holds them one after the other, `lengths` int64 [n] says how long each is."""

    flat: NDArray[np.uint8]
    lengths: NDArray[np.int64]

    @classmethod
    def same(cls, text: bytes, n: int) -> Ragged:
        """The same text n times."""
        return cls(np.frombuffer(text * n, dtype=np.uint8), np.full(n, len(text), dtype=np.int64))


def gather(data: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64]) -> Ragged:
    """The texts `data[start[i]:end[i]]`, which ascend and do not overlap."""
    if not len(start):
        return Ragged(np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.int64))
    gaps = start - np.concatenate([np.zeros(1, dtype=np.int64), end[:-1]])
    lengths = end - start
    taken = _stripes([gaps, lengths]) == 1
    return Ragged(data[: end[-1]][taken], lengths)


def weave(parts: Sequence[Ragged]) -> NDArray[np.uint8]:
    """Row by row, the texts of all parts one after the other.

    >>> weave([Ragged(np.frombuffer(b"abb", np.uint8), np.array([1, 2])), Ragged.same(b";", 2)]).tobytes()
    b'a;bb;'
    """
    owner = _stripes([part.lengths for part in parts])
    woven = np.empty(len(owner), dtype=np.uint8)
    for index, part in enumerate(parts):
        woven[owner == index] = part.flat
    return woven


def _stripes(lengths: Sequence[NDArray[np.int64]]) -> NDArray[np.uint8]:
    """For every byte of the rows laid out part by part, the number of the part it belongs to."""
    numbers = np.tile(np.arange(len(lengths), dtype=np.uint8), len(lengths[0]))
    return np.repeat(numbers, np.stack(lengths, axis=1).ravel())
