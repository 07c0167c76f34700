"""Networks from lists of layers, and copies of networks: all of them learn."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from playground.classifier import NetworkClassifier
from playground.configuration import Configuration
from playground.convolutions import Conv2D
from playground.errors import PlaygroundError
from playground.layers import Dropout, Layer, Linear, ReLU
from playground.network import Network
from playground.training import GradientDescent, train
from tests.playground.own_layers import BatchNorm, LeakyReLU, Nothing, Untrained
from tests.playground.support import clusters

SETTINGS = Configuration(hidden_sizes=(16,), epochs=3, batch_size=16, learning_rate=0.02)


def composed(*inner: Layer, **settings: Any) -> Network:
    return Network([Linear(4, 16), *inner, Linear(16, 3)], **settings)


def learned(network: Network) -> np.ndarray:
    """The parameters after a training."""
    train(network, *clusters())
    return network.parameters


COPIES: dict[str, Callable[[Network], Network]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda network: pickle.loads(pickle.dumps(network)),
    "clone": lambda network: clone(network, safe=False),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_learns_what_the_original_learns_and_shares_nothing(kind: str) -> None:
    network = composed(BatchNorm(16), ReLU(), Dropout(0.2), configuration=SETTINGS)
    train(network, *clusters(40))
    before = network.snapshot()
    copied = COPIES[kind](network)
    after = learned(copied)
    assert copied.evaluate(*clusters(seed=1))[1] > 0.9
    np.testing.assert_array_equal(network.parameters, before.parameters)
    np.testing.assert_array_equal(network.snapshot().state, before.state)
    np.testing.assert_array_equal(learned(network), after)
    np.testing.assert_array_equal(network.snapshot().state, copied.snapshot().state)


@pytest.mark.parametrize("settings", [
    {"dropout": 0.1, "flips": True, "activation": "sigmoid"},
    {"activation": "tanh", "loss": "squared-error-softmax"},
    {"network": "lenet"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_goes_without_the_last_batch(settings: dict[str, Any], kind: str) -> None:
    X, y = np.random.default_rng(0).random((400, 144)), np.arange(400) % 3
    network = Network(144, 3, Configuration(hidden_sizes=(8,), **settings))
    size = len(pickle.dumps(network))
    network.evaluate(X, y)
    network.train_batch(X, y)
    copied = COPIES[kind](network)
    assert len(pickle.dumps(copied)) == pytest.approx(size, abs=1000)
    np.testing.assert_array_equal(copied.predict(X), network.predict(X))
    assert copied.train_batch(X, y) == network.train_batch(X, y)
    np.testing.assert_array_equal(copied.gradients, network.gradients)


def test_a_layer_that_names_no_cache_is_copied_whole() -> None:
    layer = LeakyReLU()
    layer.forward(np.array([[-1.0, 2.0]]))
    np.testing.assert_array_equal(layer.copy().backward(np.ones((1, 2))), [[0.01, 1.0]])


def test_an_optimizer_is_not_copied_away_from_its_network() -> None:
    descent = GradientDescent(composed(ReLU()), steps=1)
    for kind in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(PlaygroundError, match="make a new one for the copied network"):
            kind(descent.optimizer)


def test_a_network_learns_in_another_process() -> None:
    network = composed(ReLU(), configuration=SETTINGS)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        elsewhere = pool.apply(train, (network, *clusters()))
    assert elsewhere.history.train_losses == train(network, *clusters()).history.train_losses


def test_a_copy_of_a_fitted_classifier_holds_a_network_that_learns() -> None:
    fitted = NetworkClassifier((8,), epochs=2, random_state=0).fit(*clusters())
    copied = pickle.loads(pickle.dumps(copy.deepcopy(fitted)))
    np.testing.assert_array_equal(learned(copied.network_), learned(fitted.network_))


def test_a_list_of_layers_is_the_network_of_the_same_configuration() -> None:
    one = composed(ReLU(), Dropout(0.1), configuration=SETTINGS, seed=5)
    settings = Configuration(**{**vars(SETTINGS), "dropout": 0.1})
    other = Network(4, 3, settings, seed=5)
    assert repr(one) == repr(other)
    assert one.sizes == other.sizes == (4, 16, 3)
    np.testing.assert_array_equal(learned(one), learned(other))


def test_fit_changes_settings_of_the_training_alone() -> None:
    network = composed(ReLU(), configuration=SETTINGS)
    run = network.fit(*clusters(), epochs=2, loss="squared-error-softmax")
    assert len(run.history.train_losses) == network.configuration.epochs == 2
    assert network.configuration.learning_rate == SETTINGS.learning_rate
    assert network.evaluate(*clusters())[0] == run.history.train_losses[-1]
    with pytest.raises(PlaygroundError, match="unknown setting 'epoch', did you mean 'epochs'"):
        network.fit(*clusters(), epoch=2)
    with pytest.raises(
        PlaygroundError, match="hidden_sizes cannot be changed, because the network"
    ):
        network.fit(*clusters(), hidden_sizes=2)


@pytest.mark.parametrize("name", ["W", "b"])
def test_an_array_put_into_a_layer_becomes_part_of_the_network(name: str) -> None:
    network, other = (composed(ReLU(), configuration=SETTINGS) for _ in range(2))
    values = np.full(getattr(network.linears[0], name).shape, 0.1)
    setattr(network.linears[0], name, values)
    getattr(other.linears[0], name)[...] = values
    np.testing.assert_array_equal(learned(network), learned(other))
    setattr(network.linears[0], name, np.zeros(99))
    with pytest.raises(PlaygroundError, match=rf"{name} of Linear\(4, 16\) has shape \(99,\)"):
        learned(network)


def test_assigning_parameters_changes_the_layers() -> None:
    network = composed(ReLU())
    network.parameters = np.arange(network.parameter_count)
    assert network.linears[0].W[0, 1] == 1
    network.weights *= 2
    assert network.linears[0].W[0, 1] == 2


def test_running_means_come_back_with_the_best_epoch() -> None:
    settings = Configuration(**{**vars(SETTINGS), "keep_best": True, "learning_rate": 0.5})
    network = composed(BatchNorm(16), LeakyReLU(), configuration=settings)
    validation = clusters(60, seed=1)
    run = network.fit(*clusters(), *validation, epochs=6)
    assert run.best_epoch < 6
    assert network.evaluate(*validation)[0] == run.history.val_losses[run.best_epoch - 1]


def test_a_copied_layer_keeps_its_parameters_and_a_new_one_draws_them() -> None:
    trained = composed(ReLU(), configuration=SETTINGS, seed=1)
    W, parameters = trained.linears[0].W.copy(), trained.parameters.copy()
    network = Network([*(layer.copy() for layer in trained.layers[:-1]), Linear(16, 2)], seed=2)
    np.testing.assert_array_equal(network.linears[0].W, W)
    learned(Network([network.layers[0].copy(), ReLU(), Linear(16, 3)]))
    np.testing.assert_array_equal(trained.parameters, parameters)


def linear_twice() -> list[Any]:
    layer = Linear(3, 3)
    return [layer, ReLU(), layer]


@pytest.mark.parametrize(("layers", "message"), [
    ([Linear(4, 16), ReLU(), Linear(15, 3)],
     r"layer 3, Linear\(15, 3\), cannot take an input of shape \(n, 16\): expected \(n, 15\)"),
    (linear_twice(), r"layer 3, Linear\(3, 3\), is part of a network already"),
    (list(composed(ReLU()).layers), r"layer 1, Linear\(4, 16\), is part of a network already"),
    ([Linear(4, 3), Nothing()],
     r"^layer 2: forward of Nothing\(\) returned a NoneType, expected an array"),
    ([Untrained(), Linear(4, 3)],
     r"^layer 1: forward of Untrained\(\) raised: .*; expected forward\(self, X, \*, training\)"),
    ([Linear(4, 3), ReLU], "layer 2 is <class .*ReLU'>, expected a Layer such as ReLU()"),
    ([ReLU()], "the network has no parameters"),
    ([], "the network has no parameters"),
    ([BatchNorm(4)], "no layer tells its number of inputs"),
])  # fmt: skip
def test_layers_that_make_no_network_are_refused(layers: list[Any], message: str) -> None:
    with pytest.raises(PlaygroundError, match=message):
        Network(layers)


def test_a_network_too_large_to_be_loaded_is_refused() -> None:
    settings = Configuration(hidden_sizes=(np.int64(10**12),) * 9)
    with pytest.raises(
        PlaygroundError, match=r"^a network of 784-1000000000000-.* units has 8,000"
    ):
        Network(784, 10, settings)
    with pytest.raises(PlaygroundError, match=r"Linear\(.*\) has .* parameters, expected at most"):
        Linear(np.int64(10**10), 10**10)
    with pytest.raises(PlaygroundError, match=r"Conv2D\(1, 6, 99999\) has .* parameters, expected"):
        Conv2D(1, 6, 99999)
    layers = [BroadcastWeights(), BroadcastWeights()]
    with pytest.raises(PlaygroundError, match="the network has 80,000,000 parameters, expected"):
        Network(layers)


class BroadcastWeights(LeakyReLU):
    """A parameter of 40 million entries that takes no memory."""

    parameter_names = ("W",)
    W = np.broadcast_to(0.0, (40_000_000,))


def test_wrong_sizes_and_arguments_are_refused() -> None:
    with pytest.raises(PlaygroundError, match="outputs is 0, expected an integer of at least 1"):
        Linear(4, 0)
    with pytest.raises(PlaygroundError, match="rate is 1, expected 0 or more and less than 1"):
        Dropout(1)
    with pytest.raises(PlaygroundError, match="expected either Network"):
        Network(784)  # type: ignore[call-overload]
