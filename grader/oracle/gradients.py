"""Numerical gradients of the assignment's loss, computed without any student code.

Central differences: ∂L/∂θ ≈ (L(θ + s) - L(θ - s)) / 2s, with an error of order s² where L is
smooth. ReLU has a kink at 0, so `away_from_kinks` draws points at which no step can cross one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assignment.expect import numerical_gradient

NAMES = ("W1", "b1", "W2", "b2")


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
