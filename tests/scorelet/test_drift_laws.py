"""Law 7, Silence: without drift, the chance of any false alarm over 30 features and 30 days is at most 5 %.

And its other half: a shift of one standard deviation is found at once. `python -m bench.drift` shows where it ends.
"""

import numpy as np
import pytest

from tests.fakes.traffic import alarms, autoregressive, baseline_of
from tests.laws import full_or

SEED = 20240501  # always: rates are held against bounds here, which another sample would now and then miss
MONTHS = full_or(40, 1)
DAYS = full_or(30, 4)
FEATURES = 30

# (autocorrelation from row to row, rows an hour, rows of training data)
TRAFFIC = [(0.0, 25, 120), (0.0, 100, 3000), (0.5, 100, 3000), (0.9, 100, 120), (0.9, 25, 3000), (0.95, 100, 3000)]


@pytest.mark.law(seed=SEED)
@pytest.mark.parametrize(("phi", "rows_an_hour", "training_rows"), TRAFFIC)
def test_without_drift_a_month_passes_in_silence(law, phi, rows_an_hour, training_rows):
    """From the first hour on, when windows are short."""
    random = np.random.default_rng([SEED, int(100 * phi), rows_an_hour, training_rows])
    noisy = 0
    for _ in law.each(range(MONTHS)):
        bins, base = baseline_of(random.standard_normal((training_rows, FEATURES)))
        values = autoregressive(random, 24 * DAYS * rows_an_hour, FEATURES, phi)
        noisy += any(alarms(bins, base, values, rows_an_hour))
    assert noisy <= 0.05 * MONTHS


@pytest.mark.law(seed=SEED)
@pytest.mark.parametrize("training_rows", [120, 3000])
@pytest.mark.parametrize("feature", range(full_or(30, 4)))
def test_a_shift_of_one_standard_deviation_is_found_in_the_first_evaluations(feature, training_rows):
    """100 rows an hour, shifted from the first on; found before 700 have come, and nothing else with it."""
    random = np.random.default_rng([SEED, feature, training_rows])
    bins, base = baseline_of(random.standard_normal((training_rows, FEATURES)))
    values = random.standard_normal((700, FEATURES))
    values[:, feature] += 1.0
    found = list(alarms(bins, base, values, 100, first_hour=5))
    assert any(str(feature) in names for names in found)
    assert all(set(names) <= {str(feature)} for names in found)
