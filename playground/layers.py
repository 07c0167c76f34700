"""The layers of a network. Each has `forward` and, by the chain rule, `backward`.

`forward` takes a batch `(n, d)` and stores what `backward` needs; it never changes its argument.
`backward` takes ∂L/∂output and returns ∂L/∂input. It may overwrite the gradient it receives, which
saves a copy as expensive as the computation itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np


class Layer(ABC):
    """One layer. `training` selects the training behaviour of layers such as dropout."""

    @abstractmethod
    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        """The output for a batch `X (n, d)`."""

    @abstractmethod
    def backward(self, gradient: np.ndarray) -> np.ndarray:
        """∂L/∂X of the last batch, `(n, d)`, given ∂L/∂output."""


class Linear(Layer):
    """Z = X W + b, with `W (d, h)` and `b (h,)`; `backward` writes the gradients `dW` and `db`.

    The four arrays may be views into larger ones, so that an optimizer can treat the parameters of
    a whole network as one vector.
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
        """Writes ∂L/∂W and ∂L/∂b only: the first layer of a network does not need ∂L/∂X."""
        np.matmul(self.X.T, gradient, out=self.dW)
        gradient.sum(axis=0, out=self.db)


class ReLU(Layer):
    """max(0, x); its derivative at 0 is defined as 0.

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
    """a = 1 / (1 + exp(-x)), with derivative a (1 - a)."""

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.output = sigmoid(X)
        return self.output

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        gradient *= self.output
        gradient *= 1 - self.output
        return gradient


class Tanh(Layer):
    """a = tanh(x), with derivative 1 - a²."""

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

    def __init__(self, rate: float, rng: np.random.Generator):
        self.rate, self.rng = rate, rng
        self.scale: np.ndarray | None = None

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


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) elementwise, computed with tanh, which never overflows.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    a: np.ndarray = np.tanh(0.5 * z)
    a += 1
    a *= 0.5
    return a


ACTIVATIONS: dict[str, Callable[[], Layer]] = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}
