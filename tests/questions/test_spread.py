"""Whether wrong numbers leave the right one unnoticed."""

from collections import Counter

import numpy as np

from assignment.questions.drafting import Choice
from grader.questions.shapes import crossed
from grader.questions.spread import Wrong, spread, two_by_two


def rank(key: int, others: tuple[Choice, ...]) -> int:
    return sum(int(choice.text.replace(",", "")) < key for choice in others)


def test_a_key_is_as_often_the_smallest_as_the_largest() -> None:
    wrong = [Wrong(number, "it was wrong") for number in (1, 2, 3, 900, 2_000, 50_000)]
    ranks = Counter(
        rank(500, spread(500, wrong, np.random.default_rng(seed))) for seed in range(400)
    )
    assert all(70 < ranks[place] < 130 for place in range(4))


def test_too_few_wrong_numbers_give_no_options() -> None:
    wrong = [Wrong(1, ""), Wrong(1, ""), Wrong(500, ""), Wrong(-3, ""), Wrong(7, "")]
    assert spread(500, wrong, np.random.default_rng(0)) == ()


def test_the_smallest_is_always_among_them_if_asked_for() -> None:
    wrong = [Wrong(number, "") for number in (5, 6, 900, 1_000)]
    for seed in range(20):
        found = spread(500, wrong, np.random.default_rng(seed), smallest=Wrong(0, "none"))
        assert found[0].text == "0"
        assert len(found) == 3


def test_two_by_two_has_each_half_twice() -> None:
    rows = [(100, ""), (10, "the row was wrong"), (7_000, "the row was wrong")]
    columns = [(3, ""), (0, "the column was wrong"), (8, "the column was wrong")]
    ranks = Counter()
    for seed in range(200):
        found = two_by_two(rows, columns, lambda a, b: a + b, np.random.default_rng(seed))
        values = {103, *(int(choice.text.replace(",", "")) for choice in found)}
        assert len(values) == 4
        assert sum(sorted(values)[i] for i in (0, 3)) == sum(sorted(values)[i] for i in (1, 2))
        assert found[2].belief == "the row was wrong, and the column was wrong"
        ranks[rank(103, found)] += 1
    assert set(ranks) == {0, 1, 2, 3}


def test_two_by_two_needs_four_different_numbers() -> None:
    rows, columns = [(1, ""), (2, "")], [(1, ""), (2, "")]
    assert two_by_two(rows, columns, lambda a, b: a * b, np.random.default_rng(0)) == ()


def test_crossed_shapes_keep_the_batch() -> None:
    found = crossed((5, 16, 14, 14), [(8, "c")], [(28, "s")], np.random.default_rng(0))
    assert [choice.text for choice in found] == [
        "(5, 8, 14, 14)", "(5, 16, 28, 28)", "(5, 8, 28, 28)",
    ]  # fmt: skip
    assert crossed((5, 16, 14, 14), [(16, "c")], [(28, "s")], np.random.default_rng(0)) == ()
