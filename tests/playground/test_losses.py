"""Losses: worked examples, extreme logits, probabilities."""

import math

import numpy as np
import pytest

from playground.losses import LOSSES, CrossEntropy, SquaredErrorOnSigmoid, SquaredErrorOnSoftmax


def test_cross_entropy_by_hand() -> None:
    # softmax gives 1/4, 3/4 and 1/2, 1/2; the true classes have 3/4 and 1/2
    logits = np.array([[0.0, math.log(3)], [7.0, 7.0]])
    assert CrossEntropy().forward(logits, np.array([1, 0])) == pytest.approx(
        (math.log(4 / 3) + math.log(2)) / 2
    )


def test_squared_error_by_hand() -> None:
    # (1/4 - 0)² + (3/4 - 1)² = 1/8 on softmax; on sigmoids 1/2 and 3/4: 1/4 + 1/16
    logits, y = np.array([[0.0, math.log(3)]]), np.array([1])
    assert SquaredErrorOnSoftmax().forward(logits, y) == pytest.approx(1 / 8)
    assert SquaredErrorOnSigmoid().forward(logits, y) == pytest.approx(5 / 16)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_stays_finite_for_logits_of_any_size(name: str) -> None:
    loss = LOSSES[name]()
    for size in (1e4, 1e30):
        logits = np.array([[size, -size, 0.0]], np.float32)
        assert math.isfinite(loss.forward(logits, np.array([1])))
        assert np.isfinite(loss.backward()).all()
        assert np.isfinite(loss.probabilities(logits)).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_leaves_its_arguments_alone(name: str) -> None:
    logits, y = np.array([[1.0, 2.0, 3.0]]), np.array([2])
    loss = LOSSES[name](0.1)
    loss.forward(logits, y)
    loss.backward()
    loss.probabilities(logits)
    assert logits.tolist() == [[1.0, 2.0, 3.0]]
    assert y.tolist() == [2]


@pytest.mark.parametrize("name", LOSSES)
def test_probabilities_sum_to_one_in_the_order_of_the_logits(name: str) -> None:
    logits = np.array([[0.5, -2.0, 3.0], [-500.0, -600.0, -700.0]], np.float32)
    probabilities = LOSSES[name]().probabilities(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(np.argsort(probabilities[0]), np.argsort(logits[0]))


def test_label_smoothing_is_least_where_the_targets_are_met() -> None:
    # with ε = 0.3 and 3 classes the targets are 0.8, 0.1, 0.1; at log of these the gradient
    # vanishes
    loss = CrossEntropy(0.3)
    loss.forward(np.log([[0.8, 0.1, 0.1]]), np.array([0]))
    np.testing.assert_allclose(loss.backward(), 0, atol=1e-15)
