"""The search space: one table for both Optuna and Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from playground.configuration import Configuration
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS
from playground.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SPACE_VERSION = 1  # increase it with every change: a sweep of another space cannot be resumed
# Shared by all trials. A learning rate that ends near 0 reduces the noise of the last epoch, which
# is the one that is compared.
BASE = Configuration(schedule="cosine")


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Any, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.values))


@dataclass(frozen=True)
class Whole:
    """An integer between two bounds, both inclusive."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Logarithmic:
    """A number whose logarithm is uniform: as often in [0.001, 0.01] as in [0.01, 0.1]."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}, logarithmic"


Dimension = Choice | Whole | Logarithmic


def space(epochs: int) -> dict[str, Dimension]:
    """The dimensions by name, for trials of at most `epochs` epochs."""
    return {
        "depth": Whole(1, 4),  # hidden layers
        "width": Choice((32, 64, 128, 256, 512)),  # units in each of them
        "optimizer": Choice(tuple(OPTIMIZERS)),
        # wide, because SGD needs a rate a hundred times larger than Adam
        "learning_rate": Logarithmic(1e-4, 0.3),
        "batch_size": Choice((32, 64, 128, 256)),
        "activation": Choice(tuple(ACTIVATIONS)),
        "initializer": Choice(tuple(INITIALIZERS)),
        "weight_decay": Logarithmic(1e-6, 1e-1),  # below 1e-4 the effect is negligible
        "epochs": Whole(max(1, epochs // 2), epochs),
    }


def distributions(epochs: int) -> dict[str, BaseDistribution]:
    """The search space as Optuna's distributions."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for name, dimension in space(epochs).items():
        if isinstance(dimension, Choice):
            found[name] = CategoricalDistribution(dimension.values)
        elif isinstance(dimension, Whole):
            found[name] = IntDistribution(dimension.low, dimension.high)
        else:
            found[name] = FloatDistribution(dimension.low, dimension.high, log=True)
    return found


def configuration_of(parameters: Mapping[str, Any]) -> Configuration:
    """The configuration at a point of the search space.

    >>> configuration_of({"depth": 2, "width": 64, "optimizer": "adam"}).hidden_sizes
    (64, 64)
    """
    values = dict(parameters)
    depth, width = values.pop("depth"), values.pop("width")
    return replace(BASE, hidden_sizes=(width,) * depth, **values)


def parameters_of(configuration: Configuration, epochs: int) -> dict[str, Any]:
    """The point of the search space of a configuration."""
    sizes = configuration.hidden_sizes
    values = {
        name: getattr(configuration, name)
        for name in space(epochs)
        if name not in ("depth", "width")
    }
    return {"depth": len(sizes), "width": sizes[0], **values}


def in_words(configuration: Configuration) -> str:
    """A configuration as a line of a table.

    >>> in_words(Configuration(hidden_sizes=(64, 64)))
    '2 x 64  relu     he      adam      rate 0.001    batch 128  decay 0'
    """
    sizes = configuration.hidden_sizes
    return (
        f"{len(sizes)} x {sizes[0]:<3} {configuration.activation:8} {configuration.initializer:7} "
        f"{configuration.optimizer:9} rate {configuration.learning_rate:<8.2g} "
        f"batch {configuration.batch_size:<4} decay {configuration.weight_decay:.1g}"
    )
