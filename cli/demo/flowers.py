"""Traffic for the demo: iris records as they were measured, shifted ones, and a CSV file with every kind of bad row."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from sklearn.datasets import load_iris

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
Record = dict[str, float]

# One row of each kind that real files hold; the code is the one the reject file must give.
BAD_ROWS: tuple[tuple[str, str], ...] = (
    ("wrong_type", "5.1,tall,1.4,0.2,a word where a number belongs"),
    ("null_value", "5.1,,1.4,0.2,an empty cell"),
    ("too_few_columns", "5.1,3.5"),
    ("too_many_columns", "5.1,3.5,1.4,0.2,one cell too many,6.0"),
    ("not_finite", "5.1,3.5,NaN,0.2,not a number"),
    ("not_finite", "5.1,inf,1.4,0.2,infinity"),
    ("out_of_range", "5100,3.5,1.4,0.2,millimetres by mistake"),
    ("wrong_type", '5.1,3.5,"1.4\n(measured twice)",0.2,a line break inside quotes'),
)


def flowers() -> list[Record]:
    """The 150 flowers that come with scikit-learn, in cm."""
    return [dict(zip(NAMES, map(float, row), strict=True)) for row in load_iris().data]


def sample(n: int, rng: random.Random, shift: float = 0.0) -> list[Record]:
    """`n` flowers drawn at random; `shift` cm are added to every petal length."""
    drawn = rng.choices(flowers(), k=n)
    return [{**f, "petal_length": round(f["petal_length"] + shift, 2)} for f in drawn]


def messy_csv(good_rows: int, rng: random.Random) -> tuple[bytes, list[str]]:
    """A CSV file of good rows with the bad ones spread among them, and the codes of the bad ones in order.

    Good rows carry a note as well: a column the model does not know, which must come back as it was.
    """
    rows: list[tuple[str | None, str]] = [(None, _line(f, i)) for i, f in enumerate(sample(good_rows, rng))]
    places = sorted(rng.sample(range(good_rows), len(BAD_ROWS)), reverse=True)
    for place, bad in zip(places, reversed(BAD_ROWS), strict=True):
        rows.insert(place, bad)
    text = "\n".join([",".join([*NAMES, "note"]), *(line for _, line in rows)]) + "\n"
    return text.encode(), [code for code, _ in rows if code]


def _line(flower: Record, number: int) -> str:
    note = f'"seen by ""Ada"", row {number},\nin the rain"' if number % 100 == 0 else f"flower {number}"
    return ",".join([*(str(flower[name]) for name in NAMES), note])


def hours(rng: random.Random, count: int, rows: int, shift: float) -> Iterator[Sequence[Record]]:
    """One hour's records after the other."""
    for _ in range(count):
        yield sample(rows, rng, shift)
