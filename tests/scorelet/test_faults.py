"""A fault's log tells where it happened and never what with."""

import pytest
from scorelet.errors import ObjectMissing
from scorelet.faults import describe_fault


def fail(secret):
    return int(secret)


def test_the_place_is_told_and_the_value_is_not():
    with pytest.raises(ValueError, match="invalid literal") as caught:
        fail("4111 1111")
    text = describe_fault(caught.value)
    assert text.startswith("ValueError at ")
    assert "test_faults.py" in text
    assert "4111" not in text


def test_our_own_errors_keep_their_message():
    assert describe_fault(ObjectMissing("s3://models/x does not exist")).endswith(": s3://models/x does not exist")
