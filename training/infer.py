"""What a feature is, judged by its cells: for tables that come without a description."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from scorelet.signature import Feature

from training.errors import TableError

# More distinct texts than this look like names or ids, and one-hot columns for them would be a mistake.
MOST_CATEGORIES = 50


def infer_feature(name: str, cells: Sequence[object]) -> Feature:
    """The feature that accepts every one of these cells (values or CSV text; None and "" are null).

    Numbers get no range: what is sensible beyond the training data only a person knows. Raises TableError.

    >>> infer_feature("age", ["41", "", "39"]).to_json()["type"], infer_feature("age", ["41", "", "39"]).imputation
    ('int', 40)
    """
    present = [cell for cell in cells if cell not in (None, "")]
    if not present:
        raise TableError(f"column {name!r} is empty; leave it out or fill it")
    nullable = len(present) < len(cells)
    if all(isinstance(cell, bool) or _is_bool_text(cell) for cell in present):
        usual = Counter(str(cell).lower() for cell in present).most_common(1)[0][0]
        return Feature(name, "bool", nullable, imputation=usual == "true" if nullable else None)
    numbers = [_number(cell) for cell in present]
    known = [number for number in numbers if number is not None]
    if len(known) == len(numbers):
        return _numeric(name, known, present, nullable)
    return _categorical(name, present, nullable)


def _is_bool_text(cell: object) -> bool:
    return isinstance(cell, str) and cell.lower() in ("true", "false")


def _number(cell: object) -> float | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _is_whole(cell: object) -> bool:
    """Whether the cell is written as a whole number: 4 and "4" are, 4.0 and "4.0" are not."""
    return isinstance(cell, int) or (isinstance(cell, str) and cell.strip().lstrip("+-").isdecimal())


def _numeric(name: str, numbers: Sequence[float], cells: Sequence[object], nullable: bool) -> Feature:
    filler = median(numbers) if nullable else None
    if all(_is_whole(cell) for cell in cells):
        return Feature(name, "int", nullable, imputation=None if filler is None else int(filler))
    return Feature(name, "float", nullable, imputation=filler)


def _categorical(name: str, cells: Sequence[object], nullable: bool) -> Feature:
    counts = Counter(str(cell) for cell in cells)
    if len(counts) > MOST_CATEGORIES:
        raise TableError(
            f"column {name!r} holds {len(counts)} different texts; more than {MOST_CATEGORIES} are not one-hot encoded",
            remedy="Leave the column out with [[features]], or list the categories you want there.",
        )
    usual = min(counts, key=lambda text: (-counts[text], text))
    return Feature(name, "category", nullable, categories=tuple(sorted(counts)), imputation=usual if nullable else None)
