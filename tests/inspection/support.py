"""Small networks and a few images for the tests of the inspection."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import utils
from inspection.network import PIXELS, InspectedNetwork, Layer


def random_network(
    *sizes: int,
    activation: str = "relu",
    output: str = "softmax",
    flips: bool = False,
    seed: int = 0,
    title: str = "A network",
) -> InspectedNetwork:
    """Random layers of these sizes between 784 inputs and 10 classes, with biases that are not 0."""
    rng = np.random.default_rng(seed)
    widths = (PIXELS, *sizes, 10)
    layers = tuple(
        Layer(
            rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)),
            rng.normal(0, 0.1, outputs),
            output if number == len(sizes) else activation,
        )
        for number, (inputs, outputs) in enumerate(pairwise(widths))
    )
    return InspectedNetwork(title, layers, utils.CLASS_NAMES, flips)


def random_samples(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 `(count, 784)`, half of whose pixels are 0, and their labels `(count,)`."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, PIXELS), np.uint8) * rng.integers(
        0, 2, (count, PIXELS), np.uint8
    )
    return images, rng.integers(0, 10, count)
