"""Which rows cross the threshold of a binary model from one version to the other, whatever their labels say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scorelet.signature import Signature

from cli.compare.answers import Answers
from cli.compare.comparison import Crossing
from training.metrics import wilson_share


@dataclass(slots=True)
class Crossings:
    """Counts rows whose probability of `label`, in `column` of the values, is on the other side of `threshold`."""

    label: str
    column: int
    threshold: float
    rose: int = 0
    fell: int = 0
    rows: int = 0

    @classmethod
    def of(cls, before: Signature, after: Signature, labels: tuple[str, ...]) -> Crossings | None:
        """For two binary versions with the same positive label; the threshold is that of `before`."""
        if not before.task == after.task == "binary" or before.labels[1] != after.labels[1]:
            return None
        return cls(before.labels[1], labels.index(before.labels[1]), before.threshold or 0.5)

    def add(self, before: Answers, after: Answers) -> None:
        """Count rows; compared in float32, as the model does."""
        above = [a.values[:, self.column].astype(np.float32) >= np.float32(self.threshold) for a in (before, after)]
        self.rose += int((above[1] & ~above[0]).sum())
        self.fell += int((above[0] & ~above[1]).sum())
        self.rows += len(before)

    def found(self) -> Crossing | None:
        """What was counted; None of no rows."""
        if not self.rows:
            return None
        share = (self.rose + self.fell) / self.rows
        return Crossing(self.label, self.threshold, self.rose, self.fell, share, *wilson_share(share, self.rows))
