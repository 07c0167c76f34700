"""The network as a whole: its parameters, its input, what it refuses."""

import math

import numpy as np
import pytest

from playground.configuration import Configuration
from playground.errors import PlaygroundError
from playground.network import BLOCK_SIZE, Network
from playground.pixels import mirror_images
from tests.playground.support import small_network


def test_the_parameters_of_all_layers_lie_in_one_vector_and_fill_it() -> None:
    network = small_network(hidden_sizes=(5, 2))
    network.parameters[...] = np.arange(network.parameter_count)
    parts = [linear.W.ravel() for linear in network.linears] + [
        linear.b for linear in network.linears
    ]
    np.testing.assert_array_equal(
        np.concatenate(parts), np.arange(4 * 5 + 5 * 2 + 2 * 3 + 5 + 2 + 3)
    )
    assert len(network.weights) == 4 * 5 + 5 * 2 + 2 * 3


def test_gradients_lie_as_the_parameters_do() -> None:
    network = small_network(hidden_sizes=(5, 2))
    network.train_batch(np.ones((2, 4)), np.array([0, 1]))
    parts = [linear.dW.ravel() for linear in network.linears] + [
        linear.db for linear in network.linears
    ]
    np.testing.assert_array_equal(np.concatenate(parts), network.gradients)


def test_a_network_without_hidden_layers_is_softmax_regression() -> None:
    network = small_network(hidden_sizes=())
    X = np.random.default_rng(0).standard_normal((6, 4))
    logits = X @ network.linears[0].W + network.linears[0].b
    np.testing.assert_allclose(
        network.probabilities(X), np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    )


def test_pixels_are_read_as_their_255th_parts() -> None:
    network = Network(784, 10, Configuration(hidden_sizes=(8,)))
    pixels = np.random.default_rng(0).integers(0, 256, (BLOCK_SIZE + 5, 784), np.uint8)
    np.testing.assert_allclose(
        network.probabilities(pixels), network.probabilities(pixels / np.float32(255)), rtol=1e-5
    )


def test_blocks_do_not_show_in_what_comes_out() -> None:
    network = small_network()
    X = np.random.default_rng(0).standard_normal((2 * BLOCK_SIZE + 1, 4))
    np.testing.assert_allclose(
        network.probabilities(X)[-3:], network.probabilities(X[-3:]), rtol=1e-12
    )
    assert network.predict(X).shape == (2 * BLOCK_SIZE + 1,)


def test_a_new_network_knows_nothing_yet() -> None:
    network = Network(784, 10, Configuration(initializer="normal"))
    y = np.arange(1000) % 10
    loss, accuracy = network.evaluate(np.random.default_rng(0).random((1000, 784)), y)
    assert loss == pytest.approx(math.log(10), abs=0.05)
    assert 0.05 < accuracy < 0.15


def test_mirror_images_run_right_to_left_and_not_upside_down() -> None:
    np.testing.assert_array_equal(mirror_images(np.arange(9)[None]), [[2, 1, 0, 5, 4, 3, 8, 7, 6]])


def test_a_network_trained_with_flips_judges_an_image_as_its_mirror_image() -> None:
    network, plain = small_network(flips=True), small_network()
    X = np.random.default_rng(0).standard_normal((6, 4))
    np.testing.assert_allclose(
        network.probabilities(X), network.probabilities(mirror_images(X)), rtol=1e-12
    )
    assert not np.allclose(plain.probabilities(X), plain.probabilities(mirror_images(X)))
    logits = (plain.forward(X) + plain.forward(mirror_images(X))) / 2
    np.testing.assert_allclose(
        network.probabilities(X), plain.loss.probabilities(logits), rtol=1e-12
    )


def test_evaluate_measures_without_label_smoothing_and_without_dropout() -> None:
    plain, regularized = small_network(), small_network(label_smoothing=0.5, dropout=0.5)
    regularized.parameters[...] = plain.parameters
    X, y = np.random.default_rng(0).standard_normal((50, 4)), np.arange(50) % 3
    assert plain.evaluate(X, y) == regularized.evaluate(X, y)


def test_a_network_is_float32_all_through_unless_told_otherwise() -> None:
    network = Network(4, 3, Configuration(hidden_sizes=(5,), dropout=0.5, label_smoothing=0.1))
    network.train_batch(np.ones((2, 4), np.float32), np.array([0, 1]))
    assert network.forward(np.ones((2, 4), np.float32), training=True).dtype == np.float32
    assert network.loss.backward().dtype == np.float32
    assert network.parameters.dtype == network.gradients.dtype == np.float32


def test_one_seed_gives_one_network_and_another_seed_another() -> None:
    one, again, other = (small_network(seed=seed).parameters for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("inputs", [785, 121])
def test_lenet_needs_square_images_that_are_not_too_small(inputs: int) -> None:
    with pytest.raises(PlaygroundError, match=f"lenet needs .* a row has {inputs} numbers"):
        Network(inputs, 10, Configuration(network="lenet"))
    assert Network(144, 10, Configuration(network="lenet")).shapes[8] == (16,)


def test_a_wrong_number_of_pixels_is_answered_with_both_shapes() -> None:
    with pytest.raises(PlaygroundError, match=r"X has shape \(3, 28, 28\), expected \(n, 784\)"):
        Network(784, 10, Configuration()).predict(np.zeros((3, 28, 28)))
