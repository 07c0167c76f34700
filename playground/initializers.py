"""How a layer's weights start: `initializer(inputs, outputs, rng)` gives a float64 matrix `(inputs, outputs)`.

Equal weights would stay equal for ever, so they are drawn at random; too small or too large, and signals
fade or explode from layer to layer. Biases start at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Initializer = Callable[[int, int, np.random.Generator], np.ndarray]


def normal(inputs: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    """Normal with standard deviation 0.01 whatever the size: the rule before there was a better one."""
    return 0.01 * rng.standard_normal((inputs, outputs))


def xavier(inputs: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    """Uniform in ±√(6 / (inputs + outputs)): keeps the variance of signals, forward and backward, through tanh.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", eq. 16.
    """
    limit = math.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, (inputs, outputs))


def he(inputs: int, outputs: int, rng: np.random.Generator) -> np.ndarray:
    """Normal with standard deviation √(2 / inputs): as Xavier's, for ReLU, which lets half of the variance through.

    Source: He et al. 2015, "Delving deep into rectifiers", arXiv:1502.01852, eq. 10.
    """
    return math.sqrt(2 / inputs) * rng.standard_normal((inputs, outputs))


INITIALIZERS: dict[str, Initializer] = {"normal": normal, "xavier": xavier, "he": he}
