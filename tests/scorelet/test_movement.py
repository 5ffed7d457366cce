"""What moved, in words."""

import numpy as np
import pytest
from scorelet.movement import bin_names, describe_movement
from scorelet.signature import Feature, Signature
from scorelet.sketch import LABEL, SCORE, Bins

SIGNATURE = Signature(
    (Feature("age", "int"), Feature("member", "bool"), Feature("colour", "category", categories=("red", "blue"))),
    "binary",
    "group",
    ("no", "yes"),
    0.5,
)
NUMBER, CATEGORY = Bins(edges=(1.0, 2.5, 7.0)), Bins(values=2)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ([0.0, 0.1, 0.4, 0.5, 0], "higher: 90 % of the values are 2.5 or more, 50 % in training"),
        ([0.6, 0.3, 0.1, 0.0, 0], "lower: 10 % of the values are 2.5 or more, 50 % in training"),
        ([0.1, 0.1, 0.1, 0.1, 0.6], "more nulls: 60 %, 0 % in training"),
    ],
)
def test_numbers(after, words):
    assert describe_movement(NUMBER, (), np.array([0.25] * 4 + [0]), np.array(after)) == words


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ([0.9, 0.1, 0], "more 'red': 90 %, 50 % in training"),
        ([0.2, 0.5, 0.3], "more nulls: 30 %, 0 % in training"),
        ([0.1, 0.7, 0.2], "less 'red': 10 %, 50 % in training"),
    ],
)
def test_categories(after, words):
    assert describe_movement(CATEGORY, ("red", "blue"), np.array([0.5, 0.5, 0]), np.array(after)) == words


def test_a_number_with_one_value_in_training_has_only_nulls_to_speak_of():
    assert describe_movement(Bins(), (), np.array([1.0, 0]), np.array([0.4, 0.6])).endswith("in training")


def test_the_names_of_values():
    assert bin_names("colour", SIGNATURE) == ("red", "blue")
    assert bin_names("member", SIGNATURE) == ("false", "true")
    assert bin_names(LABEL, SIGNATURE) == ("no", "yes")
    assert bin_names("age", SIGNATURE) == bin_names(SCORE, SIGNATURE) == ()
