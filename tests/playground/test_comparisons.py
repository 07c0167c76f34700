"""Differences between accuracies and their intervals, against hand calculations and tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from playground.errors import PlaygroundError
from playground.experiments.comparisons import difference, mcnemar, paired
from playground.experiments.results import Trial, Variant, pack, unpack


def variant(*accuracies: float, correct: str = "") -> Variant:
    trials = (Trial(seed, 0.3, value, 1.0, {}, correct) for seed, value in enumerate(accuracies))
    return Variant("adam", {}, 1, tuple(trials))


def test_several_seeds_are_compared_seed_by_seed() -> None:
    # each seed gains 0.01 ± 0.001: paired, that is clear; the spread over the seeds hides it
    a, b = variant(0.91, 0.862, 0.889), variant(0.90, 0.851, 0.88)
    apart = difference(a, b, images=10_000)
    assert apart.value == pytest.approx(0.01)
    assert apart.low == pytest.approx(0.01 - 4.302653 * 0.001 / 3**0.5, abs=1e-6)
    assert not apart.tie
    assert difference(a, replace(b, trials=b.trials[::-1]), images=10_000) == apart


def test_seeds_that_agree_exactly_tie_only_with_their_equals() -> None:
    assert paired([0.0, 0.0]).tie
    assert not paired([0.01, 0.01]).tie


@pytest.mark.parametrize(("only_a", "only_b"), [(6, 0), (5, 0), (20, 8), (20, 9), (0, 0)])
def test_one_seed_ties_exactly_if_mcnemars_test_finds_nothing(only_a: int, only_b: int) -> None:
    from scipy.stats import binomtest

    a, b = np.zeros((2, 100), bool)
    a[:only_a], b[50 : 50 + only_b] = True, True
    p = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    apart = mcnemar(a, b, images=100)
    assert apart.tie == (p > 0.05)
    assert apart.value == pytest.approx((only_a - only_b) / 100)


def test_one_seed_needs_the_record_of_each_image() -> None:
    right = np.arange(1000) < 900
    a, b = (
        variant(0.9, correct=pack(right)),
        variant(0.88, correct=pack(right & (np.arange(1000) > 19))),
    )
    assert not difference(a, b, images=1000).tie
    with pytest.raises(PlaygroundError, match="run the experiment again"):
        difference(a, variant(0.9), images=1000)


def test_packed_answers_come_back_and_are_small() -> None:
    right = np.random.default_rng(0).random(10_000) < 0.9
    np.testing.assert_array_equal(unpack(pack(right))[:10_000], right)
    assert len(pack(right)) < 2000
