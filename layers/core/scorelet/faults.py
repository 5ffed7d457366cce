"""How a fault is logged: where it happened, never what with. Messages and locals may hold a caller's data."""

from __future__ import annotations

import traceback
from pathlib import Path

from scorelet.errors import ScoreletError


def describe_fault(error: BaseException) -> str:
    """The error's class and the places it passed, innermost last; the message only of our own errors.

    >>> try:
    ...     float("a secret")
    ... except ValueError as error:
    ...     describe_fault(error).startswith("ValueError at ")
    True
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    message = f": {error}" if isinstance(error, ScoreletError) else ""
    return f"{type(error).__name__} at {places}{message}"
