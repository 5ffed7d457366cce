"""Identifiers that are the same in every run, so that two runs of a test can be compared byte for byte."""

from __future__ import annotations

import itertools
import uuid

_SPACE = uuid.UUID("6b1f0f52-5c0e-4c6e-9a53-3f1d0c2f7a11")


class Ids:
    """A source of unique, repeatable UUIDs."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = itertools.count(1)

    def new(self) -> str:
        """The next UUID; the n-th one is always the same for a seed."""
        return str(uuid.uuid5(_SPACE, f"{self._seed}/{next(self._count)}"))
