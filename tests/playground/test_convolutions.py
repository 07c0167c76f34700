"""Layers of images agree with torch in float64."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from playground.convolutions import Conv2D, Flatten, MaxPool, Reshape
from playground.errors import PlaygroundError
from playground.layers import Linear, ReLU
from playground.network import Network

NEAR = {"rtol": 1e-10, "atol": 1e-10}


def images(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize(("channels", "kernel", "stride", "padding", "sides"), [
    ((1, 1), 1, 1, 0, (1, 1)),
    ((1, 6), 5, 1, 2, (9, 7)),
    ((3, 2), 3, 1, 0, (3, 8)),
    ((2, 4), 3, 2, 1, (8, 9)),
    ((2, 3), 2, 3, 0, (7, 9)),
])  # fmt: skip
def test_a_convolution_agrees_with_torch(
    channels: tuple[int, int], kernel: int, stride: int, padding: int, sides: tuple[int, int]
) -> None:
    layer = Conv2D(*channels, kernel, stride=stride, padding=padding)
    layer.b = images(channels[1], seed=1)
    X = images(4, channels[0], *sides)
    output = layer.forward(X)
    upstream = images(*output.shape, seed=2)
    dX = layer.backward(upstream.copy())
    tensors = [torch.tensor(array, requires_grad=True) for array in (X, layer.W, layer.b)]
    expected = torch.nn.functional.conv2d(*tensors, stride=stride, padding=padding)
    expected.backward(torch.tensor(upstream))
    np.testing.assert_allclose(output, expected.detach().numpy(), **NEAR)
    for got, tensor in zip((dX, layer.dW, layer.db), tensors, strict=True):
        np.testing.assert_allclose(got, tensor.grad.numpy(), **NEAR)


@pytest.mark.parametrize(("size", "sides"), [(1, (3, 4)), (2, (6, 8)), (2, (5, 7)), (3, (9, 4))])
def test_the_largest_of_a_square_agrees_with_torch_even_among_equals(
    size: int, sides: tuple[int, int]
) -> None:
    X, layer = images(4, 3, *sides).round(), MaxPool(size)  # rounded, so that many are equal
    output = layer.forward(X)
    upstream = images(*output.shape, seed=2)
    tensor = torch.tensor(X, requires_grad=True)
    expected = torch.nn.functional.max_pool2d(tensor, size)
    expected.backward(torch.tensor(upstream))
    np.testing.assert_array_equal(output, expected.detach().numpy())
    np.testing.assert_allclose(layer.backward(upstream.copy()), tensor.grad.numpy(), **NEAR)


def small(seed: int = 0) -> Network:
    layers = [
        Reshape(1, 8, 8), Conv2D(1, 3, 3, padding=1), ReLU(), MaxPool(2),
        Conv2D(3, 4, 3), ReLU(), Flatten(), Linear(16, 3),
    ]  # fmt: skip
    return Network(layers, seed=seed, dtype=np.float64)


def test_a_network_of_convolutions_agrees_with_torch() -> None:
    network = small()
    X, y = images(6, 64), np.arange(6) % 3
    loss = network.train_batch(X, y)
    module = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 8, 8)), torch.nn.Conv2d(1, 3, 3, padding=1), torch.nn.ReLU(),
        torch.nn.MaxPool2d(2), torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(16, 3),
    ).double()  # fmt: skip
    pairs = [(network.layers[i], module[i]) for i in (1, 4, 7)]
    with torch.no_grad():
        for ours, theirs in pairs:
            W = ours.W.T if isinstance(ours, Linear) else ours.W
            theirs.weight.copy_(torch.tensor(W))
            theirs.bias.copy_(torch.tensor(ours.b))
    expected = torch.nn.functional.cross_entropy(module(torch.tensor(X)), torch.tensor(y))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-10)
    for ours, theirs in pairs:
        dW = ours.dW.T if isinstance(ours, Linear) else ours.dW
        np.testing.assert_allclose(dW, theirs.weight.grad.numpy(), **NEAR)
        np.testing.assert_allclose(ours.db, theirs.bias.grad.numpy(), **NEAR)


def test_a_copy_of_convolutions_learns_alike_and_goes_without_their_columns() -> None:
    network, X, y = small(), images(50, 64), np.arange(50) % 3
    network.fit(X, y, epochs=1)
    copied = copy.deepcopy(network)
    assert copied.layers[1].columns.size == 0
    for one in (network, copied):
        one.fit(X, y, epochs=1)
    np.testing.assert_array_equal(network.parameters, copied.parameters)


@pytest.mark.parametrize(("layers", "message"), [
    ([Reshape(1, 28, 28), Conv2D(3, 6, 5)],
     r"layer 2, Conv2D\(3, 6, 5\), .* \(n, 1, 28, 28\).*expected images \(n, 3, height, width\)"),
    ([Reshape(1, 4, 4), Conv2D(1, 6, 5)], "images of 4 x 4 pixels are smaller than the kernel"),
    ([Linear(4, 4), Flatten()], r"X has shape \(1, 4\), expected images"),
    ([Linear(4, 4), MaxPool(2)], r"expected images \(n, channels, height, width\)"),
    ([Reshape(1, 8, 8), Conv2D(1, 6, 5)], r"expected one number per class: add Flatten\(\)"),
])  # fmt: skip
def test_layers_that_do_not_fit_together_are_refused(layers: list[Linear], message: str) -> None:
    with pytest.raises(PlaygroundError, match=message):
        Network(layers)


def test_a_stride_of_zero_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="stride is 0, expected an integer of at least 1"):
        Conv2D(1, 1, 3, stride=0)
