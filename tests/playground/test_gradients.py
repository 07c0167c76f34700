"""Every derivative agrees with numerical differences and with torch, in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.oracle.gradients import numerical_gradient
from playground.layers import ACTIVATIONS, Dropout, Linear
from playground.losses import LOSSES
from tests.playground.support import SEEDS, SIZES, small_network

NEAR = {"rtol": 1e-6, "atol": 1e-8}
IN_TORCH = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


def torch_loss(name: str, logits: torch.Tensor, y: torch.Tensor, smoothing: float) -> torch.Tensor:
    if name == "cross-entropy":
        return torch.nn.functional.cross_entropy(logits, y, label_smoothing=smoothing)
    k = logits.shape[1]
    targets = torch.nn.functional.one_hot(y, k).double() * (1 - smoothing) + smoothing / k
    outputs = (
        torch.softmax(logits, dim=1) if name == "squared-error-softmax" else torch.sigmoid(logits)
    )
    return torch.nn.functional.mse_loss(outputs, targets, reduction="sum") / len(y)


@given(n=SIZES, d=SIZES, h=SIZES, seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_linear_agrees_with_differences(n: int, d: int, h: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, W, b, upstream = (rng.standard_normal(shape) for shape in ((n, d), (d, h), (h,), (n, h)))
    layer = Linear(d, h)
    layer.W, layer.b = W, b

    def loss() -> float:
        return float(np.sum(layer.forward(X) * upstream))

    loss()
    dX = layer.backward(upstream.copy())
    for got, parameter in ((dX, X), (layer.dW, W), (layer.db, b)):
        np.testing.assert_allclose(got, numerical_gradient(loss, parameter), **NEAR)


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(n=SIZES, d=SIZES, seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_an_activation_agrees_with_differences_and_with_torch(
    name: str, n: int, d: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    X, upstream = (
        rng.uniform(0.01, 4, (n, d)) * rng.choice([-1, 1], (n, d)),
        rng.standard_normal((n, d)),
    )
    layer = ACTIVATIONS[name]()
    output = layer.forward(X)
    dX = layer.backward(upstream.copy())
    tensor = torch.tensor(X, requires_grad=True)
    expected = IN_TORCH[name](tensor)
    expected.backward(torch.tensor(upstream))
    np.testing.assert_allclose(output, expected.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(dX, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        dX, numerical_gradient(lambda: float(np.sum(layer.forward(X) * upstream)), X), **NEAR
    )


def test_dropout_lets_gradients_through_where_it_let_values_through() -> None:
    layer = Dropout(0.5, np.random.default_rng(0))
    output = layer.forward(np.ones((20, 20)), training=True)
    np.testing.assert_array_equal(layer.backward(np.ones((20, 20))), output)


@pytest.mark.parametrize("name", LOSSES)
@given(n=SIZES, k=st.integers(2, 5), smoothing=st.sampled_from([0.0, 0.1]), seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_loss_agrees_with_differences_and_with_torch(
    name: str, n: int, k: int, smoothing: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    logits, y = 3 * rng.standard_normal((n, k)), rng.integers(0, k, n)
    loss = LOSSES[name](smoothing)
    value = loss.forward(logits, y)
    dlogits = loss.backward()
    tensor = torch.tensor(logits, requires_grad=True)
    expected = torch_loss(name, tensor, torch.tensor(y), smoothing)
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-10)
    np.testing.assert_allclose(dlogits, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        dlogits, numerical_gradient(lambda: loss.forward(logits, y), logits), **NEAR
    )


@given(
    hidden=st.lists(SIZES, max_size=3),
    n=SIZES,
    d=SIZES,
    k=st.integers(2, 4),
    # smooth activations: differences across the kink of ReLU mean nothing
    activation=st.sampled_from(["sigmoid", "tanh"]),
    loss=st.sampled_from(sorted(LOSSES)),
    seed=SEEDS,
)
@settings(max_examples=30, deadline=None)
def test_a_network_agrees_with_differences(
    hidden: list[int], n: int, d: int, k: int, activation: str, loss: str, seed: int
) -> None:
    network = small_network(
        d,
        k,
        seed,
        hidden_sizes=tuple(hidden),
        activation=activation,
        loss=loss,
        label_smoothing=0.1,
    )
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, d)), rng.integers(0, k, n)
    network.train_batch(X, y)
    expected = numerical_gradient(
        lambda: network.loss.forward(network.forward(X), y), network.parameters
    )
    np.testing.assert_allclose(network.gradients, expected, **NEAR)


@given(hidden=st.lists(SIZES, max_size=3), n=SIZES, d=SIZES, k=st.integers(2, 4), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_a_network_with_relu_agrees_with_torch(
    hidden: list[int], n: int, d: int, k: int, seed: int
) -> None:
    network = small_network(d, k, seed, hidden_sizes=tuple(hidden))
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, d)), rng.integers(0, k, n)
    value = network.train_batch(X, y)
    signal, tensors = torch.tensor(X), []
    for number, linear in enumerate(network.linears):
        tensors += [
            torch.tensor(linear.W, requires_grad=True),
            torch.tensor(linear.b, requires_grad=True),
        ]
        signal = (torch.relu(signal) if number else signal) @ tensors[-2] + tensors[-1]
    expected = torch_loss("cross-entropy", signal, torch.tensor(y), 0.0)
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-10)
    for got, tensor in zip(
        [a for linear in network.linears for a in (linear.dW, linear.db)], tensors, strict=True
    ):
        np.testing.assert_allclose(got, tensor.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_a_network_with_dropout_agrees_with_differences_for_one_draw() -> None:
    network = small_network(hidden_sizes=(6, 5), activation="tanh", dropout=0.4)
    X, y = np.random.default_rng(1).standard_normal((3, 4)), np.array([0, 2, 1])
    dropouts = [layer for layer in network.layers if isinstance(layer, Dropout)]

    def loss() -> float:
        for number, layer in enumerate(dropouts):
            layer.rng = np.random.default_rng(number)  # the same draw every time
        return network.loss.forward(network.forward(X, training=True), y)

    loss()
    network.backward(network.loss.backward())
    np.testing.assert_allclose(
        network.gradients, numerical_gradient(loss, network.parameters), **NEAR
    )
