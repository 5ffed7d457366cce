"""Quantiles in fixed memory are those of all values, within the error that is promised."""

import numpy as np
import pytest

from cli.compare.spread import ERROR, Spread

KINDS = {
    "normal": lambda rng, n: rng.normal(3, 20, n),
    "tiny": lambda rng, n: (rng.normal(0, 1, n) * 1e-40).astype(np.float32).astype(np.float64),
    "huge": lambda rng, n: rng.normal(0, 1, n) * 1e37,
    "mostly nothing": lambda rng, n: np.where(rng.random(n) < 0.9, 0.0, rng.exponential(1, n)),
    "one value": lambda rng, n: np.full(n, -2.5),
    "ends of float32": lambda rng, n: rng.choice([1.4e-45, -1.4e-45, 6.8e38, -6.8e38, 0.0], n),
}


@pytest.mark.law
@pytest.mark.parametrize("kind", KINDS)
def test_quantiles_are_those_of_the_sorted_values(law, kind):
    rng = np.random.default_rng(law.seed)
    values = KINDS[kind](rng, int(rng.integers(1, 3000)))
    spread = Spread()
    for part in np.array_split(values, 7):
        spread.add(part)
    assert (spread.lowest, spread.highest, spread.count) == (values.min(), values.max(), len(values))
    assert abs(spread.total - values.sum()) <= 1e-9 * np.abs(values).sum()  # large ones cancel
    for share in (0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1):
        wanted = np.sort(values)[int(share * (len(values) - 1))]
        assert spread.quantile(share) == pytest.approx(wanted, rel=ERROR * 1.001, abs=0), share


def test_the_histogram_counts_every_value_once_in_its_part():
    spread = Spread()
    spread.add(np.array([-1.0, -0.4, 0.1, 0.1, 0.6, 3.0]))
    assert spread.histogram(4) == [2, 3, 0, 1]
    spread.add(np.full(5, -1.0))
    assert spread.histogram(4) == [7, 3, 0, 1]


def test_of_no_values_nothing_is_known():
    spread = Spread()
    spread.add(np.zeros(0))
    assert spread.quantile(0.5) is None
    assert spread.histogram(3) == [0, 0, 0]


def test_equal_values_stand_in_one_bar():
    spread = Spread()
    spread.add(np.zeros(4))
    assert spread.histogram(3) == [4, 0, 0]
    assert spread.quantile(0.5) == 0
