"""The common settings of all trials, stored in the study so that different ones are not mixed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from playground import datasets
from playground.datasets import DATASETS
from playground.errors import PlaygroundError
from playground.registry import choose


@dataclass(frozen=True)
class SweepSettings:
    """Dataset, sizes, maximum epochs and seed. By default a tenth of the images validates.

    With `csv`, the images are read from these files: training and test.
    """

    dataset: str = "fashion-mnist"
    train_size: int | None = None
    validation_size: int | None = None
    epochs: int = 10
    seed: int = 0
    csv: tuple[str, str] | None = None

    @property
    def source(self) -> str:
        """Where the images come from: the name of the dataset, or of the training file."""
        return datasets.source(self.dataset, self.csv)

    @property
    def train_options(self) -> list[str]:
        """The options by which `train` uses the same images, split in the same way."""
        sizes = {"--train-size": self.train_size, "--validation-size": self.validation_size}
        options = ["--dataset", self.dataset, "--seed", str(self.seed)]
        for flag, size in sizes.items():
            options += [flag, str(size)] if size is not None else []
        return [*options, "--csv", *self.csv] if self.csv else options

    def train_command(self, config: str | Path) -> str:
        """The command that trains a configuration file on these images and tests it."""
        start = ["python", "-m", "playground", "train", "--config", str(config)]
        return shlex.join([*start, *self.train_options])

    def __post_init__(self) -> None:
        choose("dataset", self.dataset, DATASETS)
        if self.epochs < 1:
            raise PlaygroundError(f"epochs is {self.epochs}, expected an integer of at least 1")
        if self.validation_size == 0:
            raise PlaygroundError(
                "validation_size is 0, but a sweep needs validation images to compare trials"
            )
