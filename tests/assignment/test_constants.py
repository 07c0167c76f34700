"""Constants: which values can be one, and the sentence on each that cannot."""

import math
from typing import Any

import numpy as np
import pytest

from assignment.constants import Missing, constant_failure, constant_failures

GOOD = {
    "EPOCHS": [1, 8, np.int64(3)],
    "BATCH_SIZE": [1, 64, 60_000, np.int32(5)],
    "HIDDEN_SIZE": [1, 128, 4096],
    "LEARNING_RATE": [1e-9, 0.004, 1, 1e6, np.float32(0.1), np.array(0.1)],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in GOOD.items() for v in values])
def test_constants_that_can_be_one(name: str, value: Any) -> None:
    assert constant_failure(name, value) is None


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [
    "64", "many", "", True, False, 0, -5, math.nan, math.inf, -math.inf, None, [64], (1, 2), {}, 1j,
    10**400, -(10**400), 10**5000, b"64", print, np.float64("nan"), np.array([1, 2]), object(),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_constants_that_cannot_be_one_give_one_sentence(name: str, value: Any) -> None:
    problem = str(constant_failure(name, value))
    assert problem.startswith(f"{name} is ")
    assert "expected a " in problem
    assert "\n" not in problem
    assert len(problem) < 200


@pytest.mark.parametrize(("name", "value", "said"), [
    ("BATCH_SIZE", "64", "the text '64', expected a whole number, 1 or more: remove the quotes."),
    ("EPOCHS", 8.0, "8.0, expected a whole number, 1 or more: write 8."),
    ("EPOCHS", 2.5, "2.5, expected a whole number, 1 or more."),
    ("BATCH_SIZE", 10**9, "1000000000, expected a whole number, 1 or more: at most 60,000."),
    ("HIDDEN_SIZE", 10**7, "at most 100,000"),
    ("LEARNING_RATE", 1e-12, "too short to change a float32 weight"),
    ("LEARNING_RATE", -0.1, "-0.1, expected a positive number."),
])  # fmt: skip
def test_sentences(name: str, value: Any, said: str) -> None:
    assert said in str(constant_failure(name, value))


def test_several_hidden_layers_are_right_in_part_2_alone() -> None:
    assert constant_failure("HIDDEN_SIZE", (256, 128), "pytorch_ann") is None
    assert "is 0" in str(constant_failure("HIDDEN_SIZE", (256, 0), "pytorch_ann"))
    assert constant_failure("HIDDEN_SIZE", (), "pytorch_ann")
    assert constant_failure("HIDDEN_SIZE", (256, 128), "numpy_ann")


def test_a_missing_constant_is_a_problem_where_given_code_reads_it() -> None:
    none = {"LEARNING_RATE": 0.1, "EPOCHS": 1}
    found = constant_failures("pytorch_cnn", lambda name: none.get(name, Missing))
    assert list(map(str, found)) == ["BATCH_SIZE is not defined at the top of pytorch_cnn.py, expected a whole "
                     "number, 1 or more."]  # fmt: skip
    assert len(constant_failures("numpy_ann", lambda name: Missing)) == 3


def test_a_step_at_the_smallest_rate_hardly_shows_in_float32() -> None:
    from assignment.constants import SMALLEST_LEARNING_RATE

    weight = np.float32(0.05)
    assert weight - np.float32(SMALLEST_LEARNING_RATE * 10) == weight
    assert weight - np.float32(SMALLEST_LEARNING_RATE * 1000) != weight
