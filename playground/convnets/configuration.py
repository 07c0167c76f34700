"""All settings of a convolutional network and its training, and recipes known to work well."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from playground.configuration import (
    MAX_SHIFT,
    check_number,
    check_whole,
    check_yes_or_no,
    option,
)
from playground.registry import choose
from playground.schedules import SCHEDULES

MAX_SIZE = 1000  # of width and depth: memory ends far below
NETWORKS = {
    "v1": "two convolutions with batch normalisation and max-pooling",
    "v2": "v1 and two hidden layers of 1024 units with layer normalisation",
    "v3": "v2 with dropout of 0.1 after each block",
    "fast": "three stages of convolutions at a quarter of the resolution, after 2x2 space-to-depth",
}
PRECISIONS = {
    "auto": "bfloat16 if the processor computes it faster, else float32",
    "float32": "all computations in float32",
    "bfloat16": "convolutions and matrix products in bfloat16; weights and the rest in float32",
}


@dataclass(frozen=True)
class ConvConfiguration:
    """The settings of a CNN and its training. Raises PlaygroundError for an invalid value.

    >>> ConvConfiguration(shifts=20)
    Traceback (most recent call last):
    playground.errors.PlaygroundError: shifts is 20, expected an integer from 0 to 14
    """

    network: str = option("v3", "network architecture", NETWORKS)
    width: int = option(
        32, "channels of the first stage of network fast; each later stage doubles them"
    )
    depth: int = option(1, "convolutions in each residual block of network fast")
    epochs: int = option(10, "passes over the training images")
    batch_size: int = option(64, "images per step")
    learning_rate: float = option(
        3e-4, "learning rate of AdamW; the maximum if a schedule varies it"
    )
    schedule: str = option("constant", "learning rate schedule", SCHEDULES)
    weight_decay: float = option(
        0.01, "each step shrinks the weights by this times the learning rate"
    )
    label_smoothing: float = option(0.0, "fraction of the target spread evenly over all classes")
    averaging: float = option(
        0.0,
        "evaluate and keep a running mean of the weights, of which each step retains this share; "
        "0 for the weights themselves",
    )
    flips: bool = option(
        False, "mirror a random half of the images in each epoch; predict from both versions"
    )
    shifts: int = option(
        0, "in each epoch, shift each image randomly by up to this many pixels in each direction"
    )
    cutout: int = option(
        0, "in each epoch, blacken a random square of this side in each image; 0 for none"
    )
    precision: str = option("auto", "arithmetic precision", PRECISIONS)
    patience: int | None = option(
        None, "stop after this many epochs without an improvement of the validation accuracy"
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            if entry.metadata["choices"]:
                choose(entry.name, getattr(self, entry.name), entry.metadata["choices"])
        check_yes_or_no("flips", self.flips)
        for name in ("width", "depth"):
            check_whole(name, getattr(self, name), most=MAX_SIZE)
        for name in ("epochs", "batch_size"):
            check_whole(name, getattr(self, name))
        if self.patience is not None:
            check_whole("patience", self.patience)
        for name in ("shifts", "cutout"):
            check_whole(name, getattr(self, name), least=0, most=MAX_SHIFT)
        check_number(
            "learning_rate", self.learning_rate, "a positive number", lambda value: value > 0
        )
        check_number("weight_decay", self.weight_decay, "0 or more", lambda value: value >= 0)
        for name in ("label_smoothing", "averaging"):
            check_number(
                name,
                getattr(self, name),
                "0 or more and less than 1",
                lambda value: 0 <= value < 1,
            )


# Tuned on 6,000 validation images of Fashion-MNIST, never on test images.
FAST = ConvConfiguration(
    network="fast", width=32, epochs=10, batch_size=256, learning_rate=0.012, schedule="one-cycle",
    weight_decay=0.1, label_smoothing=0.1, flips=True,
)  # fmt: skip
# AdamW at 3e-4 for 10 epochs, as published; batch size, schedule and averaging were left open.
PUBLISHED = ConvConfiguration(epochs=10, schedule="cosine", averaging=0.998)
CONV_RECIPES: dict[str, ConvConfiguration] = {
    "v1": replace(PUBLISHED, network="v1"),
    "v2": replace(PUBLISHED, network="v2"),
    "v3": replace(PUBLISHED, network="v3"),
    "fast-shortest": replace(FAST, width=8, epochs=1, learning_rate=0.02, weight_decay=0.05),
    "fast-short": replace(
        FAST, width=16, epochs=3, batch_size=128, learning_rate=0.01, weight_decay=0.05
    ),
    "fast": FAST,
    "fast-long": replace(FAST, epochs=36, shifts=1),
}
