"""All settings of a training run in one record, and recipes known to work well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from playground.errors import PlaygroundError
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS
from playground.losses import LOSSES
from playground.optimizers import OPTIMIZERS
from playground.registry import choose
from playground.schedules import SCHEDULES
from playground.stacks import STACKS
from playground.values import check_number as check_number
from playground.values import check_whole as check_whole
from playground.values import check_yes_or_no as check_yes_or_no

MAX_SHIFT = 14  # pixels, of `cutout` too: half of the side of an image of Fashion-MNIST


def option(default: Any, explanation: str, choices: Mapping[str, Any] | None = None) -> Any:
    """A field of a configuration, with its help text and, for names, the allowed choices."""
    return field(default=default, metadata={"help": explanation, "choices": choices})


@dataclass(frozen=True)
class Configuration:
    """The settings of a network and its training. Raises PlaygroundError for an invalid value.

    >>> Configuration(learning_rate=-1)
    Traceback (most recent call last):
    playground.errors.PlaygroundError: learning_rate is -1, expected a positive number
    """

    network: str = option("mlp", "network architecture", STACKS)
    hidden_sizes: tuple[int, ...] = option((300, 100), "units in each hidden layer")
    activation: str = option("relu", "activation of the hidden layers", ACTIVATIONS)
    initializer: str = option("he", "initial distribution of the weights", INITIALIZERS)
    dropout: float = option(0.0, "fraction of the hidden units dropped in each step")
    loss: str = option("cross-entropy", "loss to minimise", LOSSES)
    label_smoothing: float = option(0.0, "fraction of the target spread evenly over all classes")
    optimizer: str = option("adam", "optimization algorithm", OPTIMIZERS)
    learning_rate: float = option(1e-3, "learning rate; the maximum if a schedule varies it")
    schedule: str = option("constant", "learning rate schedule", SCHEDULES)
    weight_decay: float = option(
        0.0, "each step shrinks the weights by this times the learning rate"
    )
    epochs: int = option(10, "passes over the training images")
    batch_size: int = option(128, "images per step")
    flips: bool = option(
        False, "mirror a random half of the images in each epoch; predict from both versions"
    )
    shifts: int = option(
        0, "in each epoch, shift each image randomly by up to this many pixels in each direction"
    )
    keep_best: bool = option(
        False, "restore the parameters of the epoch with the best validation accuracy"
    )
    patience: int | None = option(
        None, "stop after this many epochs without an improvement of the validation accuracy"
    )

    def __post_init__(self) -> None:
        for kind, choices in CHOICES.items():
            choose(kind, getattr(self, kind), choices)
        if not isinstance(self.hidden_sizes, tuple | list):
            raise PlaygroundError(
                f"hidden_sizes is {self.hidden_sizes!r}, expected integers such as (300, 100)"
            )
        for index, size in enumerate(self.hidden_sizes):
            check_whole(f"hidden_sizes[{index}]", size)
        for name in ("flips", "keep_best"):
            check_yes_or_no(name, getattr(self, name))
        check_whole("epochs", self.epochs)
        check_whole("batch_size", self.batch_size)
        check_whole("shifts", self.shifts, least=0, most=MAX_SHIFT)
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


# the settings that the layers are built from; all others may change between two trainings
BUILDING_SETTINGS = {"network", "hidden_sizes", "activation", "initializer", "dropout"}
TRAINING_SETTINGS = {
    entry.name: entry for entry in fields(Configuration) if entry.name not in BUILDING_SETTINGS
}


# Tuned on 6,000 validation images of Fashion-MNIST, never on test images.
STANDARD = Configuration(
    optimizer="nadam",
    learning_rate=1.5e-3,
    schedule="one-cycle",
    label_smoothing=0.05,
    batch_size=64,
    epochs=10,
)
RECIPES: dict[str, Configuration] = {
    # about two seconds on two idle cores
    "quick": replace(STANDARD, learning_rate=4e-3, batch_size=128, epochs=5),
    "standard": STANDARD,
    # the most accurate fully connected one: about ten minutes on one core
    "best": replace(
        STANDARD,
        hidden_sizes=(1024, 1024),
        flips=True,
        shifts=1,
        weight_decay=0.05,
        batch_size=256,
        epochs=50,
    ),
    # a convolutional network in NumPy: two to three minutes on one core
    "lenet": replace(
        STANDARD, network="lenet", hidden_sizes=(120, 84), learning_rate=6e-3, epochs=10
    ),
}
