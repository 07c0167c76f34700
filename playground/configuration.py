"""Everything that a training run can be told, in one record, and the recipes that have proved good."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any

from playground.errors import PlaygroundError
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS
from playground.losses import LOSSES
from playground.optimizers import OPTIMIZERS
from playground.registry import choose
from playground.schedules import SCHEDULES


def option(default: Any, explanation: str, choices: Mapping[str, Any] | None = None) -> Any:
    """A field of Configuration, with what the command line says about it and the names that it may take."""
    return field(default=default, metadata={"help": explanation, "choices": choices})


@dataclass(frozen=True)
class Configuration:
    """A network and how it is trained. Raises PlaygroundError where a value makes no sense.

    >>> Configuration(learning_rate=-1)
    Traceback (most recent call last):
    playground.errors.PlaygroundError: learning_rate is -1, expected a positive number
    """

    hidden_sizes: tuple[int, ...] = option((300, 100), "units in each hidden layer")
    activation: str = option("relu", "of the hidden layers", ACTIVATIONS)
    initializer: str = option("he", "how weights start", INITIALIZERS)
    dropout: float = option(0.0, "share of the hidden units that each step leaves out")
    loss: str = option("cross-entropy", "what training makes small", LOSSES)
    label_smoothing: float = option(0.0, "share of the target spread over all classes")
    optimizer: str = option("adam", "how steps are taken", OPTIMIZERS)
    learning_rate: float = option(1e-3, "size of the steps; the peak where a schedule varies it")
    schedule: str = option("constant", "the learning rate over the run", SCHEDULES)
    weight_decay: float = option(0.0, "weights shrink by this times the learning rate at each step")
    epochs: int = option(10, "passes over the training images")
    batch_size: int = option(128, "images a step")
    flips: bool = option(
        False, "mirror half of the training images, others in each epoch; predict from both"
    )
    keep_best: bool = option(
        False, "end with the parameters of the epoch best in validation accuracy"
    )
    patience: int | None = option(
        None, "stop after this many epochs without a better validation accuracy"
    )

    def __post_init__(self) -> None:
        for kind, choices in CHOICES.items():
            choose(kind, getattr(self, kind), choices)
        if not isinstance(self.hidden_sizes, tuple | list):
            raise PlaygroundError(
                f"hidden_sizes is {self.hidden_sizes!r}, expected whole numbers such as (300, 100)"
            )
        for index, size in enumerate(self.hidden_sizes):
            check_whole(f"hidden_sizes[{index}]", size)
        check_whole("epochs", self.epochs)
        check_whole("batch_size", self.batch_size)
        if self.patience is not None:
            check_whole("patience", self.patience)
        check_number(
            "learning_rate", self.learning_rate, "a positive number", lambda value: value > 0
        )
        check_number("weight_decay", self.weight_decay, "0 or more", lambda value: value >= 0)
        for name in ("dropout", "label_smoothing"):
            check_number(
                name, getattr(self, name), "0 or more and less than 1", lambda value: 0 <= value < 1
            )


CHOICES: dict[str, Mapping[str, Any]] = {
    entry.name: entry.metadata["choices"]
    for entry in fields(Configuration)
    if entry.metadata["choices"]
}


def check_whole(name: str, value: object) -> None:
    """Raises PlaygroundError where the value is no whole number from 1."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < 1:
        raise PlaygroundError(f"{name} is {value!r}, expected a whole number from 1")


def check_number(name: str, value: object, expected: str, fits: Callable[[float], bool]) -> None:
    """Raises PlaygroundError, which says what was expected, where the value is no finite number that fits."""
    if not isinstance(value, Real) or not math.isfinite(value) or not fits(float(value)):
        raise PlaygroundError(f"{name} is {value!r}, expected {expected}")


# Chosen on 6,000 validation images of Fashion-MNIST; the test images chose nothing.
STANDARD = Configuration(
    optimizer="nadam",
    learning_rate=1.5e-3,
    schedule="one-cycle",
    label_smoothing=0.05,
    batch_size=64,
    epochs=10,
)
RECIPES: dict[str, Configuration] = {
    "quick": replace(
        STANDARD, learning_rate=4e-3, batch_size=128, epochs=5
    ),  # two seconds where two cores are free
    "standard": STANDARD,
    "best": replace(
        STANDARD,
        hidden_sizes=(1024, 512),
        dropout=0.1,
        flips=True,
        learning_rate=3e-3,
        batch_size=256,
        epochs=25,
    ),
}
