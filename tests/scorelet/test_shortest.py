"""The shortest text that reads back as the same float32, for one number and for many at once."""

import numpy as np
import pytest
from scorelet.shortest import shortest

from tests.laws import full_or


def one_by_one(values):
    return [float(str(value)) for value in values]


@pytest.mark.law
def test_many_at_once_are_what_each_is_alone(law):
    random = np.random.default_rng(law.seed)
    while law.tried < full_or(20_000_000, 200_000):
        bits = random.integers(0, 2**32, 50_000, dtype=np.uint32).view(np.float32)
        shares = random.random(100_000, dtype=np.float32) ** random.integers(1, 9)
        sizes = (random.normal(size=50_000) * 10.0 ** random.integers(-14, 9, 50_000)).astype(np.float32)
        values = np.concatenate([bits[np.isfinite(bits)], shares, sizes]).astype(np.float32)
        assert shortest(values) == one_by_one(values)
        law.tried += len(values)


def test_round_numbers_powers_of_ten_and_their_neighbours_are_right():
    powers = np.float32(10.0) ** np.arange(-37, 38, dtype=np.float32)
    round_ones = np.array([0.0, -0.0, 0.5, 1 / 3, 0.1, 16777216, 999999.9, 1e-12, 1e6, 3.4e38, 1e-45], dtype=np.float32)
    values = np.concatenate([powers, np.nextafter(powers, np.float32(0)), -powers, round_ones])
    assert len(values) > 64
    assert shortest(values) == one_by_one(values)
    assert np.signbit(shortest(values)[-10])
