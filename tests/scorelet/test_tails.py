"""Tail probabilities agree with scipy's."""

import math

import pytest
from scipy import stats
from scorelet.tails import f_survival


@pytest.mark.parametrize("df1", [1, 2, 9, 10, 60])
@pytest.mark.parametrize("df2", [1, 3.5, 23, 400, 1e6])
@pytest.mark.parametrize("x", [1e-3, 0.5, 1, 2, 5, 20, 100])
def test_the_f_distribution(x, df1, df2):
    assert f_survival(x, df1, df2) == pytest.approx(stats.f.sf(x, df1, df2), rel=1e-7, abs=1e-280)


@pytest.mark.parametrize("df", [1, 2, 9, 60])
@pytest.mark.parametrize("x", [0.1, 1, 5, 40, 150])
def test_chi_square_is_the_limit_of_many_degrees_of_freedom(x, df):
    assert f_survival(x / df, df, math.inf) == pytest.approx(stats.chi2.sf(x, df), rel=1e-3)


def test_the_ends():
    assert f_survival(0, 3) == 1
    assert f_survival(-1, 3) == 1
    assert f_survival(math.inf, 3) == 0
    assert 0 <= f_survival(1e9, 9, 23) < 1e-60
