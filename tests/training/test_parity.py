import pytest

from training.config import QuantizationConfig
from training.parity import Parity, choose, failed_gates

GATES = QuantizationConfig(largest_accuracy_drop=0.01, largest_output_difference=0.1)


def row(scheme: str, size: int, difference: float, *failed: str) -> Parity:
    return Parity(scheme, size, 100, 0.9, 0.0, 0, difference, difference / 10, 1.0, failed)


def test_the_wanted_scheme_is_chosen_when_it_passes_though_another_is_smaller():
    table = [row("int8", 900, 0.05), row("dynamic", 500, 0.01), row("float32", 2000, 0.0)]
    assert choose(table, "int8").scheme == "int8"


def test_a_failed_gate_falls_back_to_the_smallest_scheme_that_passes():
    table = [
        row("int8", 500, 0.3, "an output differs"),
        row("float16", 1000, 0.01),
        row("dynamic", 800, 0.02),
        row("float32", 2000, 0.0),
    ]
    assert choose(table, "int8").scheme == "dynamic"


def test_of_equal_size_the_closer_one_is_chosen():
    table = [row("int8", 500, 0.3, "x"), row("float16", 800, 0.02), row("dynamic", 800, 0.01)]
    table.append(row("float32", 2000, 0.0))
    assert choose(table, "int8").scheme == "dynamic"


def test_float32_is_the_last_resort():
    table = [row(s, 1, 0.5, "x") for s in ("int8", "float16", "dynamic", "float32")]
    assert choose(table, "int8").scheme == "float32"


@pytest.mark.parametrize(
    ("drop", "difference", "failures"),
    [(0.0, 0.0, 0), (0.01, 0.1, 0), (0.02, 0.05, 1), (0.0, 0.2, 1), (0.02, 0.2, 2), (float("nan"), float("nan"), 2)],
)
def test_gates_count_what_exceeds_them_and_nan_passes_none(drop, difference, failures):
    assert len(failed_gates(GATES, drop, difference)) == failures
