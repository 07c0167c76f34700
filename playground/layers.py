"""The layers of a network. Each has `forward` and, by the chain rule, `backward`.

`forward` takes a batch `(n, d)` and stores what `backward` needs; it never changes its argument.
`backward` takes ∂L/∂output and returns ∂L/∂input. It may overwrite the gradient it receives, which
saves a copy as expensive as the computation itself.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np

from playground.errors import PlaygroundError
from playground.initializers import Initializer, he
from playground.values import check_number, check_parameters, check_whole


class Layer(ABC):
    """One layer. `training` selects the training behaviour of layers such as dropout.

    A layer of one's own defines `forward` and `backward`. If it has parameters, `parameter_names`
    lists their attributes, say `("slope",)`, and `backward` sets a gradient for each: `dslope`.
    `state_names` lists arrays that change in training without a gradient, such as running means,
    and `cache_names` what `forward` stores for `backward`: copies and pickles go without it.
    `playground.check_gradients` tests a layer.
    """

    parameter_names: tuple[str, ...] = ()
    state_names: tuple[str, ...] = ()
    cache_names: tuple[str, ...] = ()
    input_size: int | None = None  # the numbers in a row of X, if the layer takes a fixed number
    status: Literal["new", "copied", "in a network"] = "new"

    @abstractmethod
    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        """The output for a batch `X (n, d)`, or `X (n, c, h, w)` for layers of images."""

    @abstractmethod
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        """∂L/∂X of the last batch, in the shape of X, given ∂L/∂output."""

    def find_gradients(self, gradient: np.ndarray) -> None:
        """Sets the gradients of the parameters only: the first layer does not need ∂L/∂X."""
        self.backward(gradient)

    def initialize(self, initializer: Initializer, rng: np.random.Generator) -> None:  # noqa: B027
        """Draws new parameters; a layer without random parameters has nothing to do."""

    def copy(self) -> Layer:
        """A copy for another network, which keeps its parameters instead of drawing new ones."""
        copied = copy.deepcopy(self)
        copied.status = "copied"
        return copied

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle keeps: the cache is that of the last batch, and large."""
        return {name: value for name, value in vars(self).items() if name not in self.cache_names}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class WrongForward(PlaygroundError):
    """The `forward` of a layer of one's own does not take or return what it has to."""


def output_of(layer: Layer, X: np.ndarray, *, training: bool) -> np.ndarray:
    """The output of a layer. Raises WrongForward unless it takes `training` and returns an array."""
    try:
        output = layer.forward(X, training=training)
    except TypeError as error:
        raise WrongForward(
            f"forward of {layer!r} raised: {error}; expected forward(self, X, *, training)"
        ) from None
    if not isinstance(output, np.ndarray):
        raise WrongForward(
            f"forward of {layer!r} returned a {type(output).__name__}, expected an array"
        )
    return output


class Linear(Layer):
    """Z = X W + b, with `W (d, h)` and `b (h,)`; `backward` writes the gradients `dW` and `db`.

    >>> Linear(784, 10).forward(np.zeros((2, 784))).shape
    (2, 10)
    """

    parameter_names = ("W", "b")
    cache_names = ("X",)

    def __init__(self, inputs: int, outputs: int):
        check_whole("inputs", inputs)
        check_whole("outputs", outputs)
        self.input_size, self.output_size = inputs, outputs
        check_parameters(self, (int(inputs) + 1) * int(outputs))
        self.W, self.b = np.zeros((inputs, outputs)), np.zeros(outputs)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        self.initialize(he, np.random.default_rng(0))

    def initialize(self, initializer: Initializer, rng: np.random.Generator) -> None:
        self.W[...] = initializer(*self.W.shape, rng)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.X = X
        Z: np.ndarray = X @ self.W  # (n, h)
        Z += self.b
        return Z

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.find_gradients(gradient)
        dX: np.ndarray = gradient @ self.W.T  # (n, d)
        return dX

    def find_gradients(self, gradient: np.ndarray) -> None:
        np.matmul(self.X.T, gradient, out=self.dW)
        gradient.sum(axis=0, out=self.db)

    def __repr__(self) -> str:
        return f"Linear({self.input_size}, {self.output_size})"


class ReLU(Layer):
    """max(0, x); its derivative at 0 is defined as 0.

    Source: Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """

    cache_names = ("output",)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        output: np.ndarray = np.maximum(X, 0)
        self.output = output
        return output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        gradient *= self.output > 0
        return gradient


class Sigmoid(Layer):
    """a = 1 / (1 + exp(-x)), with derivative a (1 - a)."""

    cache_names = ("output",)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.output = sigmoid(X)
        return self.output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        gradient *= self.output
        gradient *= 1 - self.output
        return gradient


class Tanh(Layer):
    """a = tanh(x), with derivative 1 - a²."""

    cache_names = ("output",)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        output: np.ndarray = np.tanh(X)
        self.output = output
        return output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        gradient *= 1 - self.output**2
        return gradient


class Dropout(Layer):
    """In training, sets elements to 0 with probability `rate` and divides the others by 1 - rate.

    The expected value stays the same. Outside training it returns its input.

    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
    overfitting".
    """

    cache_names = ("scale",)
    scale: np.ndarray | None = None  # of the last batch in training

    def __init__(self, rate: float, rng: np.random.Generator | None = None):
        check_number("rate", rate, "0 or more and less than 1", lambda value: 0 <= value < 1)
        self.rate, self.rng = rate, np.random.default_rng(0) if rng is None else rng

    def initialize(self, initializer: Initializer, rng: np.random.Generator) -> None:
        self.rng = rng  # one generator for all random layers of a network

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        if not training:
            self.scale = None
            return X
        # 16 random bits per element: three times as fast as floats, and the rate is exact to
        # 1/65536
        kept = self.rng.integers(0, 65536, X.shape, np.uint16) >= round(65536 * self.rate)
        self.scale = kept * X.dtype.type(1 / (1 - self.rate))
        output: np.ndarray = X * self.scale
        return output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        if self.scale is not None:
            gradient *= self.scale
        return gradient

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) elementwise, computed with tanh, which never overflows.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    a: np.ndarray = np.tanh(0.5 * z)
    a += 1
    a *= 0.5
    return a


ACTIVATIONS: dict[str, type[Layer]] = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}
