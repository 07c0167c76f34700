"""Small random problems, and gradients found the slow way."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from playground.configuration import Configuration
from playground.network import Network

SIZES = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)


def small_network(inputs: int = 4, classes: int = 3, seed: int = 0, **settings: Any) -> Network:
    """A network in float64, small enough for numerical derivatives, its biases not 0."""
    network = Network(
        inputs,
        classes,
        Configuration(**{"hidden_sizes": (5,), **settings}),
        seed=seed,
        dtype=np.float64,
    )
    network.parameters += 0.1 * np.random.default_rng(seed).standard_normal(network.parameter_count)
    return network


def clusters(n: int = 200, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`X (n, 4)` and `y (n,)`: three clouds of points that a small network tells apart at once."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    centres = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]])
    return (centres[y] + 0.3 * rng.standard_normal((n, 4))).astype(np.float32), y
