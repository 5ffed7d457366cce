"""Drift scores, and the rule that judges them."""

import numpy as np
import pytest
from scorelet.drift import DriftRules, DriftScore, holm, judge, score, score_all

RULES = DriftRules()


def a_score(name="x", effect=0.5, p_value=1e-12, rows=1000):
    shares = np.array([0.5, 0.5])
    return DriftScore(name, effect, p_value, 50.0, 1, 1.0, rows, shares, shares)


def cells_of(shares, rows_a_cell=50, cells=24, seed=11):
    return np.random.default_rng(seed).multinomial(rows_a_cell, shares, size=cells)


def test_the_same_shares_have_no_effect_and_a_dull_p_value():
    found = score("x", np.full(10, 100), np.full((24, 10), 5))
    assert found.effect < 0
    assert found.p_value == pytest.approx(1)
    assert found.rows == 1200


def test_moved_shares_have_an_effect_and_a_tiny_p_value():
    found = score("x", np.full(4, 300), cells_of([0.4, 0.3, 0.2, 0.1]))
    assert found.effect > 0.1
    assert found.p_value < 1e-8


def test_the_effect_is_psi_where_the_change_is_small():
    p, q = np.array([0.26, 0.26, 0.24, 0.24]), np.full(4, 0.25)
    psi = float(((p - q) * np.log(p / q)).sum())
    found = score("x", np.full(4, 10**9), np.tile((p * 10**9).astype(np.int64), (24, 1)))
    assert found.effect == pytest.approx(psi, rel=1e-3)


def test_the_effect_is_finite_where_psi_is_not():
    found = score("x", np.array([500, 500, 0]), np.tile([0, 0, 50], (24, 1)))
    assert found.effect == pytest.approx(8 * np.log(2), rel=0.01)


def test_chance_alone_has_no_effect_on_average():
    random = np.random.default_rng(5)
    shares = np.full(10, 0.1)
    effects = [
        score("x", random.multinomial(500, shares), random.multinomial(20, shares, size=24)).effect for _ in range(400)
    ]
    assert abs(np.mean(effects)) < 0.003  # uncorrected, it would be 0.037


def test_p_values_of_independent_rows_keep_their_word():
    random = np.random.default_rng(6)
    shares = np.full(10, 0.1)
    p_values = [
        score("x", random.multinomial(500, shares), random.multinomial(40, shares, size=24)).p_value for _ in range(500)
    ]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05


def test_rows_that_come_in_clumps_count_for_less():
    clumps = np.zeros((24, 4), dtype=np.int64)
    clumps[np.arange(24), np.arange(24) % 4] = 50
    found = score("x", np.full(4, 300), clumps)
    assert found.design_effect > 40
    assert score("x", np.full(4, 300), cells_of([0.25] * 4)).design_effect < 4


def test_with_too_few_cells_a_tenth_of_the_rows_counts():
    assert score("x", np.full(4, 300), np.array([[25, 25, 25, 25]])).design_effect == 10
    assert score("x", np.full(4, 300), np.array([[2500] * 4, *[[1] * 4] * 23])).design_effect == 10


def test_empty_cells_say_nothing():
    cells = cells_of([0.4, 0.3, 0.2, 0.1])
    spread = np.concatenate([cells, np.zeros((30, 4), dtype=np.int64)])
    assert score("x", np.full(4, 300), spread).p_value == score("x", np.full(4, 300), cells).p_value


def test_the_order_of_cells_does_not_matter():
    cells = cells_of([0.4, 0.3, 0.2, 0.1])
    turned = score("x", np.full(4, 300), cells[::-1])
    assert turned.p_value == pytest.approx(score("x", np.full(4, 300), cells).p_value)


def test_sparse_bins_are_judged_together():
    found = score("x", np.array([500, 2, 1, 0, 500]), cells_of([0.5, 0, 0, 0, 0.5]))
    assert found.df == 1


def test_nulls_that_training_never_saw_are_a_drift():
    found = score("x", np.array([500, 500, 0]), cells_of([0.4, 0.4, 0.2]))
    assert judge([found], RULES) == ("x",)


@pytest.mark.parametrize("cells", [np.zeros((3, 4), dtype=np.int64), np.zeros((0, 4), dtype=np.int64)])
def test_an_empty_window_has_no_effect(cells):
    found = score("x", np.full(4, 300), cells)
    assert (found.effect, found.p_value, found.rows) == (0, 1, 0)


def test_one_value_only_cannot_drift():
    found = score("x", np.array([300, 0]), np.tile([50, 0], (24, 1)))
    assert (found.effect, found.p_value, found.df) == (0, 1, 0)


def test_all_quantities_of_the_baseline_are_scored_in_its_order():
    baseline = {"b": np.full(4, 30), "a": np.full(4, 30)}
    cells = {"a": np.full((24, 4), 5), "b": np.full((24, 4), 5), "c": np.full((24, 4), 5)}
    assert [found.name for found in score_all(baseline, cells)] == ["b", "a"]


@pytest.mark.parametrize(
    ("change", "drifts"),
    [({}, True), ({"effect": 0.09}, False), ({"p_value": 1e-4}, False), ({"rows": 199}, False)],
    ids=["all three", "too small", "not sure", "too few rows"],
)
def test_a_drift_is_sure_large_and_seen_in_enough_rows(change, drifts):
    assert judge([a_score(**change)], RULES) == (("x",) if drifts else ())


def test_more_quantities_and_more_evaluations_ask_for_more_evidence():
    limit = RULES.alpha / RULES.evaluations
    dull = [a_score(f"d{i}", p_value=0.5) for i in range(29)]
    assert judge([a_score(p_value=limit * 0.9)], RULES) == ("x",)
    assert judge([a_score(p_value=limit * 0.9), *dull], RULES) == ()
    assert judge([a_score(p_value=limit / 31), *dull], RULES) == ("x",)


def test_holm_never_lets_a_larger_p_value_pass_a_smaller_one():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
