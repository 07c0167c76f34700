"""Drawings: round ticks, bounded sizes, any float, and words for what they show."""

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report import charts, matrices
from grader.results import ComparedArray


@given(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30))
def test_ticks_are_few_and_reach_over_everything(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    ticks = charts.nice_ticks(low, high)
    assert 2 <= len(ticks) <= 12
    slack = 1e-6 * max(abs(low), abs(high), 1e-6)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack


@given(
    st.lists(st.floats(width=32), min_size=1, max_size=5),
    st.lists(st.floats(), min_size=1, max_size=5),
)
def test_any_curves_give_finite_coordinates(training: list[float], validation: list[float]) -> None:
    drawn = charts.line_chart(
        "Loss", "nats", charts.training_and_validation(training, validation), 0.5
    )
    ET.fromstring(drawn)
    coordinates = drawn.partition("<path")[2]
    assert "nan" not in coordinates
    assert "inf" not in coordinates


def test_curves_of_nothing_but_nan_are_said_to_be_so() -> None:
    drawn = charts.line_chart(
        "Loss", "nats", charts.training_and_validation([math.nan], [math.inf])
    )
    assert drawn == "<p>Loss: there is nothing to draw, no value is finite.</p>"


def test_a_chart_says_what_it_shows() -> None:
    drawn = charts.line_chart(
        "Loss", "nats", charts.training_and_validation([1.0, 0.5], [1.1, math.nan])
    )
    label = ET.fromstring(drawn).get("aria-label")
    assert (
        label
        == "Loss in nats over 2 epochs. Training: from 1 to 0.5. Validation: from 1.1 to no number."
    )


def test_a_long_curve_is_drawn_with_few_points() -> None:
    drawn = charts.line_chart(
        "Loss", "nats", charts.training_and_validation([1.0] * 100_000, [2.0] * 100_000)
    )
    assert len(drawn) < 10_000


@pytest.mark.parametrize(
    ("count", "most", "first"), [(5, 10, [0, 1, 2, 3, 4]), (100, 3, [0, 50, 99])]
)
def test_thinned_numbers_keep_both_ends(count: int, most: int, first: list[int]) -> None:
    assert charts.thinned(count, most) == first


@pytest.mark.parametrize(("wrong", "words"), [
    (((True, True),), "all of 2 entries are wrong"),
    (((False, False),), "none of 2 entries is wrong"),
    (((False, True, True),), "2 of 3 entries wrong, at 1, 2"),
    (((True, False), (False, False), (True, True)), "3 of 6 entries wrong, in row 0 (1), 2 (2)"),
])  # fmt: skip
def test_wrong_entries_in_words_and_by_shape(
    wrong: tuple[tuple[bool, ...], ...], words: str
) -> None:
    comparison = ComparedArray("W1", wrong)
    assert matrices.entries_in_words(comparison) == words
    drawn = matrices.drawing(comparison)
    assert drawn.count('class="cross"') == sum(map(sum, wrong))
    assert drawn.count('class="dot"') == sum(map(len, wrong)) - sum(map(sum, wrong))


def test_a_histogram_counts_in_words_too() -> None:
    label = ET.fromstring(charts.histogram("Marks", [0, 2, 1], 10, "%")).get("aria-label")
    assert label == "Marks, students by %. 10 to 20: 2; 20 to 30: 1."
