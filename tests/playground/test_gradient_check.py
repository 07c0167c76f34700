"""The check of gradients accepts right layers and names what is wrong with others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from playground.convolutions import Conv2D, Flatten, MaxPool, Reshape
from playground.errors import PlaygroundError
from playground.gradient_check import check_gradients
from playground.layers import ACTIVATIONS, Dropout, Layer, Linear
from playground.network import Network
from tests.playground.own_layers import BatchNorm, LeakyReLU, Nothing, Untrained


@pytest.mark.parametrize(("layer", "shape", "names"), [
    (Linear(3, 2), None, ["X", "W", "b"]),
    *((kind(), None, ["X"]) for kind in ACTIVATIONS.values()),
    (Dropout(0.5), None, ["X"]),
    (LeakyReLU(), None, ["X"]),
    (BatchNorm(4), None, ["X", "scale", "shift"]),
    (Reshape(2, 2, 2), None, ["X"]),
    (Flatten(), (3, 2, 2, 3), ["X"]),
    (Conv2D(2, 3, 3, stride=2, padding=1), (2, 2, 5, 6), ["X", "W", "b"]),
    (MaxPool(2), (2, 2, 5, 4), ["X"]),
], ids=repr)  # fmt: skip
def test_a_right_layer_passes_and_stays_as_it_is(
    layer: Layer, shape: tuple[int, ...] | None, names: list[str]
) -> None:
    before = {name: np.copy(getattr(layer, name)) for name in layer.parameter_names}
    errors = check_gradients(layer, shape)
    assert list(errors) == names
    assert max(errors.values()) < 1e-8
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(layer, name), array)


def test_a_layer_of_a_network_in_float32_passes() -> None:
    assert check_gradients(Network([Linear(4, 3)]).layers[0])["W"] < 1e-8


class Scale(Layer):
    """X times a number for each column."""

    parameter_names = ("scale",)

    def __init__(self) -> None:
        self.scale = np.ones(4)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.X = X
        return X * self.scale

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.dscale = (gradient * self.X).sum(axis=0)
        return gradient * self.scale


class WithoutFactor(Scale):
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        super().backward(gradient)
        return gradient


class Mean(Scale):
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.dscale = (gradient * self.X).mean(axis=0)
        return gradient * self.scale


class Adding(Scale):
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.dscale += (gradient * self.X).sum(axis=0)
        return gradient * self.scale


class Unsummed(Scale):
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.dscale = gradient * self.X
        return gradient * self.scale


class Forgotten(Scale):
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return gradient * self.scale


class InPlace(Scale):
    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        X *= self.scale
        return X


class NaN(Scale):
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return super().backward(gradient) * np.nan


@pytest.mark.parametrize(("kind", "message"), [
    (WithoutFactor, r"∂L/∂X of WithoutFactor\(\) is .* at \[\d, \d\], expected .* \(20 of 20"),
    (Mean, r"∂L/∂scale of Mean\(\) .*\(4 of 4 values differ\)"),
    (Adding, r"∂L/∂scale of Adding\(\) .*\(4 of 4"),
    (Unsummed, r"∂L/∂scale of Unsummed\(\) has shape \(5, 4\), expected \(4,\)"),
    (Forgotten, r"∂L/∂scale of Forgotten\(\) is 1 at"),
    (InPlace, r"forward of InPlace\(\) changes its argument"),
    (NaN, r"∂L/∂X of NaN\(\) is nan"),
])  # fmt: skip
def test_a_wrong_layer_is_named_with_what_was_expected(kind: type[Scale], message: str) -> None:
    assert check_gradients(Scale())["scale"] < 1e-8
    with pytest.raises(PlaygroundError, match=message):
        check_gradients(kind())


def test_a_shape_that_does_not_fit_is_named() -> None:
    with pytest.raises(PlaygroundError, match=r"cannot take X of shape \(5, 4\) .*another shape"):
        check_gradients(BatchNorm(7))
    with pytest.raises(PlaygroundError, match="expected a Layer"):
        check_gradients(Network([Linear(4, 3)]))  # type: ignore[arg-type]


class Slope(Layer):
    """One slope for all negative inputs, a parameter that is a single number."""

    parameter_names = ("slope",)

    def __init__(self) -> None:
        self.slope: Any = 0.25

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.X = X
        return np.where(X > 0, X, self.slope * X)

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.dslope = np.array((gradient * np.minimum(self.X, 0)).sum())
        return gradient * np.where(self.X > 0, 1.0, self.slope)


def test_a_parameter_may_be_a_single_number() -> None:
    errors = check_gradients(Slope())
    assert list(errors) == ["X", "slope"]
    assert max(errors.values()) < 1e-8


class Missing(Slope):
    def __init__(self) -> None:
        """Sets nothing."""


class Tiny(Layer):
    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        return 1e-6 * X

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return 0 * gradient


@pytest.mark.parametrize(("layer", "shape", "message"), [
    (Nothing(), None, "^forward of .* returned a NoneType, expected an array"),
    (Untrained(), None, r"expected forward\(self, X, \*, training\)"),
    (Missing(), None, "has no self.slope, which its parameter_names list"),
    (Tiny(), None, "by differences"),
    (Slope(), (), r"shape is \(\), expected sizes of 1 or more"),
    (Slope(), 5, "shape is 5, expected sizes of 1 or more"),
    (Slope(), (5, 2.5), r"shape is \(5, 2.5\), expected sizes of 1 or more"),
    (Slope(), (0, 4), r"shape is \(0, 4\), expected sizes of 1 or more"),
])  # fmt: skip
def test_what_is_no_layer_is_said_to_be(layer: Layer, shape: Any, message: str) -> None:
    with pytest.raises(PlaygroundError, match=message) as caught:
        check_gradients(layer, shape)
    assert "\n" not in str(caught.value)
