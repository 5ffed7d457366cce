import json

import numpy as np
import pytest
from scorelet.json_text import to_json


def test_arrays_are_lists_and_a_float32_reads_back_as_itself():
    values = np.random.default_rng(7).random(1000, dtype=np.float32) ** 9
    text = to_json({"scores": values, "bins": np.arange(4).reshape(2, 2)})
    found = json.loads(text)
    assert np.array_equal(np.array(found["scores"], dtype=np.float32), values)
    assert found["bins"] == [[0, 1], [2, 3]]
    assert len(text) < 16 * len(values)  # not the 17 digits of a float64


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_no_number_that_is_not_finite_gets_out(number):
    assert to_json([number]) == "[null]"


@pytest.mark.parametrize("value", ["\ud800", 2**64, -(2**70), {"a": ["café \udfff", 1.5]}])
def test_what_one_writer_refuses_the_other_writes(value):
    assert json.loads(to_json(value)) == value


def test_what_nobody_can_write_is_an_error():
    with pytest.raises(TypeError):
        to_json({1, 2})
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(["\ud800", float("nan")])
