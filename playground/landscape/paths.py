"""Where six optimizers take one network, from the same initialisation and with the same batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from playground.configuration import Configuration
from playground.datasets import Split
from playground.network import Network
from playground.training import Step, train

# the best ones by validation accuracy that `run optimizers` found
RATES = {
    "sgd": 0.3,
    "momentum": 0.03,
    "nesterov": 0.03,
    "rmsprop": 1e-3,
    "adam": 3e-4,
    "nadam": 1e-3,
}
POINTS = 40  # of a path: enough for a smooth line


def record_path(
    optimizer: str, configuration: Configuration, split: Split, *, classes: int, seed: int
) -> np.ndarray:
    """The parameters `(p, m)` at some steps of a training of a new network, from before it on.

    The learning rate is the best one of the optimizer. The points are closer together at the
    beginning, when the parameters move fastest.
    """
    chosen = replace(configuration, optimizer=optimizer, learning_rate=RATES[optimizer])
    network = Network(split.X_train.shape[1], classes, chosen, seed=seed)
    recorded = set(recorded_steps(steps_of(chosen, split)))
    points = [network.parameters.copy()]

    def after_step(step: Step) -> None:
        if step.number in recorded:
            points.append(network.parameters.copy())

    train(network, split.X_train, split.y_train, seed=seed, after_step=after_step)
    return np.stack(points)


def steps_of(configuration: Configuration, split: Split) -> int:
    """The number of steps of a training."""
    return configuration.epochs * -(-len(split.y_train) // configuration.batch_size)


def recorded_steps(steps: int, count: int = POINTS) -> list[int]:
    """At most `count` steps from 1 to the last, at distances that grow.

    >>> recorded_steps(100, 6)
    [3, 11, 25, 44, 69, 100]
    """
    shares = np.linspace(0, 1, count + 1)[1:] ** 2
    return sorted({int(step) for step in np.maximum(1, np.rint(shares * steps))})
