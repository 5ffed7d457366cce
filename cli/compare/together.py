"""How two numbers of the same rows go together, merged stretch by stretch (Chan, Golub and LeVeque, 1979)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Together:
    """Means and centred moments of x and y."""

    count: int = 0
    mean: Floats = field(default_factory=lambda: np.zeros(2))
    moments: Floats = field(default_factory=lambda: np.zeros((2, 2)))

    def add(self, x: Floats, y: Floats) -> None:
        """Add rows."""
        if not len(x):
            return
        rows, before = np.stack([x, y]), self.count
        mean = rows.mean(axis=1)
        apart, total = mean - self.mean, before + len(x)
        centred = rows - mean[:, None]
        self.moments = self.moments + centred @ centred.T + np.outer(apart, apart) * (before * len(x) / total)
        self.mean, self.count = self.mean + apart * (len(x) / total), total

    @property
    def correlation(self) -> float | None:
        """Pearson's; None where one of the two does not vary."""
        scale = math.sqrt(self.moments[0, 0]) * math.sqrt(self.moments[1, 1])
        return float(np.clip(self.moments[0, 1] / scale, -1, 1)) if scale > 0 else None
