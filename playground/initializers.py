"""Initial weights: `initializer(inputs, outputs, rng)` is a float64 matrix `(inputs, outputs)`.

Weights are random because equal weights would stay equal. If they are too small or too large,
signals vanish or explode from layer to layer. Biases start at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Initializer = Callable[[int, int, np.random.Generator], np.ndarray]


def normal(inputs: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    """Normal with standard deviation 0.01 for every layer size: the common rule before Xavier's."""
    return 0.01 * rng.standard_normal((inputs, outputs))


def xavier(inputs: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    """Uniform in ±√(6 / (inputs + outputs)): preserves the variance of signals through tanh.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward
    neural networks", eq. 16.
    """
    limit = math.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, (inputs, outputs))


def he(inputs: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    """Normal with standard deviation √(2 / inputs): adapted to ReLU, which halves the variance.

    Source: He et al. 2015, "Delving deep into rectifiers", arXiv:1502.01852, eq. 10.
    """
    return math.sqrt(2 / inputs) * rng.standard_normal((inputs, outputs))


INITIALIZERS: dict[str, Initializer] = {"normal": normal, "xavier": xavier, "he": he}
