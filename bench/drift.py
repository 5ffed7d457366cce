"""Where drift's promises end: false alarms in months without drift, and shifts found at the first evaluation.

`python -m bench.drift [MONTHS]`; 20 months a line take about half an hour. Figures in docs/decisions/drift.md.
"""

import sys

import numpy as np

from tests.fakes.traffic import Values, alarms, autoregressive, baseline_of

SEED = 20240501
FEATURES = 30
HOURS = 24 * 30
# (how rows depend on one another, rows an hour, rows of training data)
# `hour`: a tenth of the variance is common to an hour's rows, and goes on from hour to hour
SILENCE = [
    *((f"row {phi}", rows, training) for phi, rows, training in ((0.0, 25, 120), (0.5, 100, 3000), (0.9, 25, 3000))),
    *((f"row {phi}", rows, training) for phi, rows, training in ((0.9, 100, 120), (0.97, 25, 3000), (0.97, 100, 3000))),
    *((f"row {phi}", rows, training) for phi, rows, training in ((0.99, 100, 3000), (0.99, 25, 3000))),
    *((f"hour {phi}", rows, 3000) for phi, rows in ((0.5, 25), (0.5, 100), (0.8, 100))),
]
# (rows in the window, rows of training data, phi from row to row, shift in standard deviations)
POWER = [
    (500, 120, 0.0, 1.0),
    (500, 3000, 0.0, 1.0),
    (500, 3000, 0.5, 1.0),
    (1000, 3000, 0.5, 1.0),
    (2400, 3000, 0.9, 1.0),
    (2400, 3000, 0.0, 0.5),
    (1000, 120, 0.0, 0.5),
]


def traffic(random: np.random.Generator, kind: str, rows_an_hour: int) -> Values:
    """A month of rows without drift."""
    level, phi = kind.split()
    if level == "row":
        return autoregressive(random, HOURS * rows_an_hour, FEATURES, float(phi))
    common = np.repeat(autoregressive(random, HOURS, FEATURES, float(phi)), rows_an_hour, axis=0)
    own = random.standard_normal(common.shape)
    mixed: Values = np.sqrt(0.1) * common + np.sqrt(0.9) * own
    return mixed


def silence(kind: str, rows_an_hour: int, training_rows: int, months: int) -> int:
    """How many of the months had a false alarm."""
    noisy = 0
    for month in range(months):
        random = np.random.default_rng([SEED, month])
        bins, base = baseline_of(random.standard_normal((training_rows, FEATURES)))
        noisy += any(alarms(bins, base, traffic(random, kind, rows_an_hour), rows_an_hour))
    return noisy


def power(rows: int, training_rows: int, phi: float, shift: float, times: int = 100) -> int:
    """How many of 100 windows show the shift of one of 30 features."""
    random, found = np.random.default_rng(SEED), 0
    for _ in range(times):
        bins, base = baseline_of(random.standard_normal((training_rows, FEATURES)))
        values = autoregressive(random, rows, FEATURES, phi)
        values[:, 0] += shift
        found += any("0" in names for names in alarms(bins, base, values, rows))
    return found


def main(months: int) -> None:
    """Print both tables."""
    for rows, training_rows, phi, shift in POWER:
        found = power(rows, training_rows, phi, shift)
        print(f"{rows} rows, {training_rows} in training, phi {phi}, shifted by {shift}: found {found} of 100 times")
    for kind, rows_an_hour, training_rows in SILENCE:
        noisy = silence(kind, rows_an_hour, training_rows, months)
        line = f"{kind}, {rows_an_hour} rows an hour, {training_rows} in training"
        print(f"{line}: a false alarm in {noisy} of {months} months", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
