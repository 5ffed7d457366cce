"""One verdict per cell, whatever the value; nothing unfit reaches the model's matrix."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scorelet.errors import ContractError
from scorelet.features import columns_from_records, encode
from scorelet.signature import Feature, Signature

AGE = Feature("age", "int", nullable=True, minimum=0, maximum=130, imputation=40)
PRICE = Feature("price", "float")
MEMBER = Feature("member", "bool")
COLOUR = Feature("colour", "category", categories=("red", "blue"))
SIGNATURE = Signature((AGE, PRICE, MEMBER, COLOUR), "binary", "buys", ("no", "yes"), 0.5)
GOOD = {"age": 30, "price": 9.5, "member": True, "colour": "blue"}


def encode_records(*records):
    return encode(SIGNATURE, columns_from_records(SIGNATURE, records))


def test_a_good_record_becomes_numbers_in_the_signatures_order():
    encoded = encode_records(GOOD)
    assert encoded.matrix.tolist() == [[30.0, 9.5, 1.0, 1.0]]
    assert encoded.problems() == []


def test_a_null_is_imputed_where_the_feature_is_nullable_and_only_there():
    encoded = encode_records({**GOOD, "age": None}, {**GOOD, "price": None})
    assert encoded.matrix[0, 0] == 40
    assert encoded.imputed.tolist() == [[True, False, False, False], [False] * 4]
    assert [(p.row, p.feature, p.code) for p in encoded.problems()] == [(1, "price", "null_value")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("age", "30", "wrong_type"),
        ("age", True, "wrong_type"),
        ("age", 30.5, "wrong_type"),
        ("age", -1, "out_of_range"),
        ("age", 131, "out_of_range"),
        ("price", math.nan, "not_finite"),
        ("price", math.inf, "not_finite"),
        ("price", -math.inf, "not_finite"),
        ("price", 1e39, "out_of_range"),
        ("price", 10**400, "out_of_range"),
        ("price", [1], "wrong_type"),
        ("price", {}, "wrong_type"),
        ("member", 1, "wrong_type"),
        ("member", "true", "wrong_type"),
        ("colour", "green", "unknown_category"),
        ("colour", "Red", "unknown_category"),
        ("colour", 1, "wrong_type"),
        ("colour", None, "null_value"),
    ],
)
def test_a_bad_value_is_named_by_row_feature_and_code_and_its_neighbours_are_kept(field, value, code):
    encoded = encode_records(GOOD, {**GOOD, field: value}, GOOD)
    assert [(p.row, p.feature, p.code) for p in encoded.problems()] == [(1, field, code)]
    assert encoded.valid.tolist() == [True, False, True]
    assert not encoded.matrix[1].any()


def test_a_missing_field_is_named_even_where_null_is_allowed():
    record = {k: v for k, v in GOOD.items() if k != "age"}
    assert [p.code for p in encode_records(record).problems()] == ["missing_value"]


def test_an_error_never_holds_the_value_itself():
    problem = encode_records({**GOOD, "colour": "a secret"}).problems()[0]
    assert "a secret" not in str(problem)
    assert str(problem) == "colour: the category is not known to the model; expected one of: red, blue"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@pytest.mark.law
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, JSON_VALUES)), min_size=1, max_size=6))
def test_whatever_comes_in_only_finite_numbers_in_range_reach_the_model(records):
    encoded = encode_records(*records)
    assert encoded.matrix.dtype == np.float32
    assert np.isfinite(encoded.matrix).all()
    for index, feature in enumerate(SIGNATURE.features):
        column = encoded.matrix[encoded.valid, index]
        high = len(feature.categories) - 1 if feature.categories else (1 if feature.type == "bool" else feature.high)
        assert ((column >= min(feature.low, 0 if feature.categories else feature.low)) & (column <= high)).all()
    assert {p.row for p in encoded.problems()} == set(np.nonzero(~encoded.valid)[0].tolist())


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "type": "float"},
        {"name": "a", "type": "number"},
        {"name": "a", "type": "category"},
        {"name": "a", "type": "category", "categories": ["x", "x"]},
        {"name": "a", "type": "category", "categories": ["x", ""]},
        {"name": "a", "type": "float", "categories": ["x"]},
        {"name": "a", "type": "float", "nullable": True},
        {"name": "a", "type": "float", "imputation": 1.0},
        {"name": "a", "type": "category", "categories": ["x"], "nullable": True, "imputation": "y"},
        {"name": "a", "type": "float", "range": [2, 1]},
        {"name": "a", "type": "bool", "range": [0, 1]},
        {"name": "a", "type": "float", "range": [math.nan, 1]},
        {"type": "float"},
    ],
)
def test_a_feature_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ContractError):
        Feature.from_json(wrong)


def test_a_signature_reads_back_what_it_wrote():
    assert Signature.from_json(SIGNATURE.to_json()) == SIGNATURE
