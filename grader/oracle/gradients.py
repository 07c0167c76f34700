"""Numerical gradients of the assignment's loss, computed without any student code.

Central differences: ∂L/∂θ ≈ (L(θ + s) - L(θ - s)) / 2s, with an error of order s² where L is
smooth. ReLU has a kink at 0, so `away_from_kinks` draws points at which no step can cross one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assignment.checks.numpy.cases import NAMES


@dataclass(frozen=True)
class Point:
    """Parameters, images `X (n, d)` and one-hot targets `Y (n, k)`, all float64."""

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray
    X: np.ndarray
    Y: np.ndarray

    def loss(self) -> float:
        """Mean cross-entropy: -(1/n) Σ log softmax(relu(X W1 + b1) W2 + b2) of the true classes."""
        z2 = np.maximum(self.X @ self.W1 + self.b1, 0) @ self.W2 + self.b2
        shifted = z2 - z2.max(axis=1, keepdims=True)
        log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -float((self.Y * log_probabilities).sum()) / len(self.X)

    def gradients(self) -> dict[str, np.ndarray]:
        """The gradient of the mean loss for each parameter, by central differences."""
        return {name: numerical_gradient(self.loss, getattr(self, name)) for name in NAMES}


def numerical_gradient(
    loss: Callable[[], float], parameter: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """∂loss/∂parameter by central differences, (L(θ + s) - L(θ - s)) / 2s, element by element.

    `parameter` must be the float64 array that `loss` reads; it is changed in place and put back.
    The error is of the order of s² and of the rounding, 1e-16 / s: about 1e-10 for losses near 1.
    """
    gradient = np.empty_like(parameter)
    for index in np.ndindex(parameter.shape):
        value = parameter[index]
        parameter[index] = value + step
        above = loss()
        parameter[index] = value - step
        below = loss()
        parameter[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def away_from_kinks(
    rng: np.random.Generator, n: int, d: int, h: int, k: int, margin: float = 1e-2
) -> Point:
    """A random point at which every |z1| exceeds `margin`, a thousand times the numerical step.

    Every image activates at least one unit and leaves another inactive, so that a missing gate
    shows.
    """
    for _ in range(10_000):
        W1, b1 = rng.normal(size=(d, h)), rng.normal(size=h)
        X = rng.uniform(size=(n, d))
        z1 = X @ W1 + b1
        if np.abs(z1).min() > margin and (z1 > 0).any(axis=1).all() and (z1 < 0).any(axis=1).all():
            W2, b2 = rng.normal(size=(h, k)), rng.normal(size=k)
            return Point(W1, b1, W2, b2, X, np.eye(k)[rng.integers(k, size=n)])
    raise ValueError(
        f"found no point {margin} away from the kinks for n={n}, h={h}: the margin is too large"
    )
