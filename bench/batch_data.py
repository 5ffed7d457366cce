"""The two files of bench-batch, made by seed: narrow numbers, and wide with text. Written a block at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 50_000
COLOURS = np.array(["red", "light green"])
WORDS = np.array(["", "x", "new", "see note 12", "5.10", '"Main St. 4, left"', '"he said ""no"""', "Zürich", "a b c"])
NARROW, WIDE = "narrow", "wide"


def write_file(path: Path, kind: str, rows: int) -> None:
    """A CSV file of `rows` rows: 5 columns, or 30 of which 20 are text that only passes through."""
    random = np.random.default_rng(20240501)
    names = ["id", "amount", "age", "member", "colour"]
    if kind == WIDE:
        names += [f"text{i}" for i in range(20)] + [f"number{i}" for i in range(5)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for start in range(0, rows, BLOCK_ROWS):
            block = _block(random, start, min(BLOCK_ROWS, rows - start), kind)
            file.write("\n".join(map(",".join, zip(*block, strict=True))) + "\n")


def _block(random: np.random.Generator, start: int, n: int, kind: str) -> list[list[str]]:
    columns: list[NDArray[np.str_]] = [
        np.arange(start, start + n).astype(str),
        np.char.mod("%.2f", np.clip(random.normal(0, 250, n), -999, 999)),
        random.integers(0, 131, n).astype(str),
        np.where(random.random(n) < 0.5, "true", "false"),
        COLOURS[random.integers(0, 2, n)],
    ]
    if kind == WIDE:
        columns += [WORDS[random.integers(0, len(WORDS), n)] for _ in range(20)]
        columns += [np.char.mod("%.6g", random.lognormal(0, 3, n)) for _ in range(5)]
    return [column.tolist() for column in columns]
