"""The steps of a network, each with `forward` and, the chain rule, `backward`.

`forward` takes a batch `(n, d)` and keeps what `backward` needs; it never changes its argument.
`backward` takes ∂L/∂output and gives ∂L/∂input. The gradient it is handed is its own to overwrite: nobody else
reads it again, and a masked copy would cost as much as the mask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np


class Layer(ABC):
    """One step of the network. `training` matters to the layers that behave differently then."""

    @abstractmethod
    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        """The output for a batch `X (n, d)`."""

    @abstractmethod
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        """∂L/∂X of the last batch, `(n, d)`, from ∂L/∂output."""


class Linear(Layer):
    """Z = X W + b, with `W (d, h)` and `b (h,)`; `backward` leaves their gradients in `dW` and `db`.

    The four arrays may be views into longer ones, so that an optimizer can treat a whole network as one vector.
    """

    def __init__(
        self,
        W: np.ndarray,
        b: np.ndarray,
        dW: np.ndarray | None = None,
        db: np.ndarray | None = None,
    ):
        self.W, self.b = W, b
        self.dW = np.zeros_like(W) if dW is None else dW
        self.db = np.zeros_like(b) if db is None else db

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
        """∂L/∂W and ∂L/∂b alone: all that the first layer of a network is asked for."""
        np.matmul(self.X.T, gradient, out=self.dW)
        gradient.sum(axis=0, out=self.db)


class ReLU(Layer):
    """max(0, x); the slope at exactly 0 is taken to be 0.

    Source: Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        output: np.ndarray = np.maximum(X, 0)
        self.output = output
        return output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        gradient *= self.output > 0
        return gradient


class Sigmoid(Layer):
    """1 / (1 + exp(-x)), with slope a (1 - a) where it gave a."""

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.output = sigmoid(X)
        return self.output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        gradient *= self.output
        gradient *= 1 - self.output
        return gradient


class Tanh(Layer):
    """tanh(x), with slope 1 - a² where it gave a."""

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        output: np.ndarray = np.tanh(X)
        self.output = output
        return output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        gradient *= 1 - self.output**2
        return gradient


class Dropout(Layer):
    """In training, each element is 0 with probability `rate` and the others are divided by 1 - rate, so that the
    expected value stays; otherwise nothing happens.

    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    """

    def __init__(self, rate: float, rng: np.random.Generator):
        self.rate, self.rng = rate, rng
        self.scale: np.ndarray | None = None

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        if not training:
            self.scale = None
            return X
        # 16 random bits an element: the rate is off by 1/65536 at most, in a third of the time that floats take
        kept = self.rng.integers(0, 65536, X.shape, np.uint16) >= round(65536 * self.rate)
        self.scale = kept * X.dtype.type(1 / (1 - self.rate))
        output: np.ndarray = X * self.scale
        return output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        if self.scale is not None:
            gradient *= self.scale
        return gradient


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) element by element, written with tanh, which overflows for no z.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    a: np.ndarray = np.tanh(0.5 * z)
    a += 1
    a *= 0.5
    return a


ACTIVATIONS: dict[str, Callable[[], Layer]] = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}
