"""The price of one invocation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def call(prices: Mapping[str, Any], ms: float, memory_mb: int, architecture: str) -> float:
    """Dollars. Below one whole processor's memory it takes longer in proportion; milliseconds are rounded up."""
    price = prices["lambda"]
    billed = math.ceil(ms * max(1.0, price["full_processor_mb"] / memory_mb))
    duration = billed / 1000 * memory_mb / 1024 * price["gb_second"][architecture]
    return float(duration + price["million_requests"] / 1e6)
