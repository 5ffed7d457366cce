"""Why a row got its answer: Shapley values of its features against the package's background rows.

A feature's value is its average contribution over all orders in which the features could become known; what is not
known yet is taken from the background rows, one after the other (the interventional game, as in the `shap` library's
Independent masker). The values add up to the row's output less the mean output of the background.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scorelet.errors import BadRequest, BodyTooLarge
from scorelet.features import columns_from_records
from scorelet.package import ModelPackage
from scorelet.predict import predict

MOST_EXACT_FEATURES = 12
MODEL_ROWS_A_SECOND = 2_000_000  # about what a small model does; more than the budget holds are refused at once
MOST_PAIRS = 256
Floats = NDArray[np.float64]
Game = Callable[[NDArray[np.bool_]], Floats]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`values` float64 [features] add up to the row's output less `base`; `errors` are their standard errors.

    Exact values have no errors. The output is the probability of the predicted class, or the value of a regression.
    """

    base: float
    values: Floats
    errors: Floats | None = None


def explain(
    package: ModelPackage,
    matrix: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    budget_seconds: float = 2.0,
    clock: Callable[[], float] = time.monotonic,
) -> list[Explanation]:
    """Explain n encoded rows, float32 [n, features], each for its own output `labels`; in order.

    Up to a dozen features the values are exact. Above, orders are sampled, always the same ones, until they are
    `MOST_PAIRS` or the row's share of the time budget is used. Raises BadRequest where the package has no background,
    BodyTooLarge for more rows than can be explained at once.
    """
    background = background_matrix(package)
    exact = matrix.shape[1] <= MOST_EXACT_FEATURES
    _check_size(matrix.shape, len(background), exact, int(budget_seconds * MODEL_ROWS_A_SECOND))
    started, found = clock(), []
    for done, (row, label) in enumerate(zip(matrix, labels.tolist(), strict=True), start=1):
        game = _game(package, row, background, label)
        if exact:
            found.append(_exact(game, len(row)))
        else:
            found.append(_sampled(game, len(row), clock, started + budget_seconds * done / len(matrix)))
    return found


def background_matrix(package: ModelPackage) -> NDArray[np.float32]:
    """The encoded background rows; raises BadRequest where there are none."""
    records = package.manifest.background
    encoded = package.encode(columns_from_records(package.signature, records))
    if not len(records):
        raise BadRequest("the model's package has no background rows", remedy="Train the model again to explain it.")
    return encoded.matrix[encoded.valid]


def _check_size(shape: tuple[int, ...], background: int, exact: bool, model_rows: int) -> None:
    rows, features = shape
    coalitions = 2**features if exact else 4 * (features + 1)  # two pairs of orders at the least
    most = model_rows // (coalitions * background)
    if rows > most:
        raise BodyTooLarge(f"{rows} rows are to be explained, {most} can be at once", remedy="Explain fewer rows.")


def _game(package: ModelPackage, row: NDArray[np.float32], background: NDArray[np.float32], label: int) -> Game:
    """From coalitions, bool [m, features], to the mean output when only these features of the row are known."""

    def value(known: NDArray[np.bool_]) -> Floats:
        mixed = np.where(known[:, None, :], row, background[None]).reshape(-1, len(row))
        outputs = predict(package.signature, package.model, mixed).outputs[:, label]
        worth: Floats = outputs.reshape(len(known), len(background)).mean(axis=1, dtype=np.float64)
        return worth

    return value


def _exact(game: Game, features: int) -> Explanation:
    coalitions, weights = _coalitions(features)
    worth = game(coalitions)
    codes = np.arange(2**features)
    values = np.empty(features)
    for feature in range(features):
        without = codes[~coalitions[:, feature]]
        gain = worth[without | (1 << feature)] - worth[without]
        values[feature] = math.fsum(weights[coalitions[without].sum(axis=1)] * gain)
    return Explanation(float(worth[0]), values)


@lru_cache(maxsize=4)
def _coalitions(features: int) -> tuple[NDArray[np.bool_], Floats]:
    """Every coalition by its code, and the weight of a gain by how many were there before."""
    codes = np.arange(2**features)
    members = (codes[:, None] >> np.arange(features)) & 1
    sizes = range(features)
    weights = [math.factorial(s) * math.factorial(features - s - 1) / math.factorial(features) for s in sizes]
    return members.astype(np.bool_), np.array(weights)


def _sampled(game: Game, features: int, clock: Callable[[], float], until: float) -> Explanation:
    """Mean gains over pairs of an order and its reverse, whose errors partly cancel."""
    random = np.random.default_rng(20240501)
    pairs: list[Floats] = []
    base = 0.0
    while len(pairs) < 2 or (len(pairs) < MOST_PAIRS and clock() < until):
        order = random.permutation(features)
        forward, base = _gains(game, order)
        backward, _ = _gains(game, order[::-1])
        pairs.append((forward + backward) / 2)
    found = np.stack(pairs)
    return Explanation(base, found.mean(axis=0), found.std(axis=0, ddof=1) / math.sqrt(len(pairs)))


def _gains(game: Game, order: Sequence[int] | NDArray[np.int64]) -> tuple[Floats, float]:
    """What each feature adds when they become known in this order, and the worth of knowing none."""
    known = np.zeros((len(order) + 1, len(order)), dtype=np.bool_)
    for step, feature in enumerate(order, start=1):
        known[step:, feature] = True
    worth = game(known)
    gains = np.empty(len(order))
    gains[order] = np.diff(worth)
    return gains, float(worth[0])
