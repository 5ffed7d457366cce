"""A law's seed can be repeated, and what it tried is what it did."""

import pytest

from tests.laws import Law, Verdict, account, full_or


def test_every_test_has_a_seed_of_its_own_that_comes_of_the_runs(monkeypatch):
    monkeypatch.setenv("SCORELET_SEED", "7")
    one, other = Law.of("test_a"), Law.of("test_b")
    assert one.seed == Law.of("test_a").seed != other.seed
    monkeypatch.setenv("SCORELET_SEED", "8")
    assert Law.of("test_a").seed != one.seed
    assert Law.of("test_a", 5).seed == 5


def test_a_case_counts_once_it_has_held():
    law = Law(7)
    for seed in law.seeds(full=2000, small=3):
        if seed == 9:
            break
    assert law.tried == 2
    assert list(law.each("abc")) == ["a", "b", "c"]
    assert law.tried == 5

    @law.counted
    def hold(number):
        assert number

    hold(1)
    with pytest.raises(AssertionError):
        hold(0)
    assert law.tried == 6


def test_the_account_names_what_was_lost_and_the_seed_that_repeats_it():
    held = [Verdict("test_a[x]", 1200, 0.5, True), Verdict("test_a[y]", 1, 0.5, True)]
    head, *lines, total = account([Verdict("test_b", 3, 2.0, False), *held], 99)
    assert [line.split() for line in lines] == [["1,201", "0", "1.0", "test_a"], ["3", "1", "2.0", "test_b"]]
    assert total == "2 laws, 1,204 cases tried, 1 lost; SCORELET_SEED=99"
    assert account(held, 99)[:-1] == full_or([head, lines[0]], [])
