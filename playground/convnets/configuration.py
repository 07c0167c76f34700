"""What a convolutional network and its training can be told, in one record, and the recipes that have proved good."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from playground.configuration import check_number, check_whole, option
from playground.errors import PlaygroundError
from playground.registry import choose
from playground.schedules import SCHEDULES

NETWORKS = {
    "v1": "two convolutions with batch normalisation and max-pooling",
    "v2": "v1 and two hidden layers of 1024 units with layer normalisation",
    "v3": "v2 with dropout of 0.1 everywhere",
    "fast": "three stages of convolutions on a quarter of the positions, after a 2x2 space-to-depth stem",
}
PRECISIONS = {
    "auto": "bfloat16 where the processor gains from it, else float32",
    "float32": "everywhere",
    "bfloat16": "convolutions and matrix products; weights and the rest stay float32",
}


@dataclass(frozen=True)
class ConvConfiguration:
    """A convolutional network and how it is trained. Raises PlaygroundError where a value makes no sense.

    >>> ConvConfiguration(precision="float23")
    Traceback (most recent call last):
    playground.errors.PlaygroundError: unknown precision 'float23', did you mean 'float32'? Expected one of: auto, float32, bfloat16
    """

    network: str = option("v3", "which network", NETWORKS)
    width: int = option(
        32, "channels of the first stage of network fast, half and a quarter of the later ones'"
    )
    depth: int = option(1, "convolutions in each residual block of network fast")
    epochs: int = option(10, "passes over the training images")
    batch_size: int = option(64, "images a step")
    learning_rate: float = option(3e-4, "of AdamW; the peak where a schedule varies it")
    schedule: str = option("constant", "the learning rate over the run", SCHEDULES)
    weight_decay: float = option(
        0.01, "weights shrink by this times the learning rate at each step"
    )
    label_smoothing: float = option(0.0, "share of the target spread over all classes")
    flips: bool = option(
        False, "mirror half of the training images, others in each epoch; predict from both"
    )
    shifts: int = option(
        0, "move each training image by up to so many pixels each way, anew in each epoch"
    )
    cutout: int = option(
        0, "side of a square blotted out of each training image, anew in each epoch; 0 for none"
    )
    precision: str = option("auto", "of the arithmetic", PRECISIONS)
    patience: int | None = option(
        None, "stop after this many epochs without a better validation accuracy"
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            if entry.metadata["choices"]:
                choose(entry.name, getattr(self, entry.name), entry.metadata["choices"])
        for name in ("width", "depth", "epochs", "batch_size"):
            check_whole(name, getattr(self, name))
        if self.patience is not None:
            check_whole("patience", self.patience)
        for name in ("shifts", "cutout"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= 14:
                raise PlaygroundError(
                    f"{name} is {value!r}, expected a whole number of pixels from 0 to 14"
                )
        check_number(
            "learning_rate", self.learning_rate, "a positive number", lambda value: value > 0
        )
        check_number("weight_decay", self.weight_decay, "0 or more", lambda value: value >= 0)
        check_number(
            "label_smoothing",
            self.label_smoothing,
            "0 or more and less than 1",
            lambda value: 0 <= value < 1,
        )


# Chosen on 6,000 validation images of Fashion-MNIST; the test images chose nothing.
FAST = ConvConfiguration(
    network="fast", width=32, epochs=10, batch_size=256, learning_rate=0.012, schedule="one-cycle", weight_decay=0.1,
    label_smoothing=0.1, flips=True,
)  # fmt: skip
CONV_RECIPES: dict[str, ConvConfiguration] = {
    "v1": ConvConfiguration(network="v1", epochs=10),
    "v2": ConvConfiguration(network="v2", epochs=10),
    "v3": ConvConfiguration(network="v3", epochs=20),
    "fast-shortest": replace(FAST, width=8, epochs=1, learning_rate=0.02, weight_decay=0.05),
    "fast-short": replace(
        FAST, width=16, epochs=3, batch_size=128, learning_rate=0.01, weight_decay=0.05
    ),
    "fast": FAST,
    "fast-long": replace(FAST, epochs=36, shifts=1),
}
