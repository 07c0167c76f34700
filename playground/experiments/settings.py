"""What an experiment can be told, and the images that it gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

import utils
from playground import datasets
from playground.errors import PlaygroundError
from playground.extras import require

# A quick run shows that an experiment works and what it draws; its figures say little about networks
QUICK_TRAIN, QUICK_VALIDATION, QUICK_TEST, QUICK_EPOCHS = 2000, 500, 1000, 2


class Data(NamedTuple):
    """Images to train, validate and test on: pixels uint8 `(n, 784)`, labels int64 `(n,)`."""

    class_names: tuple[str, ...]
    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def images(self) -> dict[str, int]:
        """How many of each."""
        return {"train": len(self.y_train), "validation": len(self.y_val), "test": len(self.y_test)}


@dataclass(frozen=True)
class ExperimentSettings:
    """How an experiment is run. What is None is the experiment's own choice; `quick` makes it small.

    `seeds` counts them: 3 are the seeds 0, 1 and 2, which start the weights and shuffle the batches. The validation
    images are the same for all. `verbose` tells of each training on standard error.
    """

    quick: bool = False
    seeds: int | None = None
    device: str = "auto"
    data_dir: Path | None = None
    train_size: int | None = None
    validation_size: int | None = None
    test_size: int | None = None
    epochs: int | None = None
    verbose: bool = False

    def __post_init__(self) -> None:
        if self.seeds is not None and self.seeds < 1:
            raise PlaygroundError(f"seeds is {self.seeds}, expected a whole number from 1")

    def data(self, name: str = "fashion-mnist") -> Data:
        """The images of a dataset, as many as wanted, the same whatever the seed of a training."""
        dataset = datasets.load(name, self.data_dir)
        split = datasets.split(
            dataset,
            validation_size=self.validation_size or (QUICK_VALIDATION if self.quick else None),
            train_size=self.train_size or (QUICK_TRAIN if self.quick else None),
        )
        test_size = self.test_size or (QUICK_TEST if self.quick else None)
        return Data(
            dataset.class_names, *split, dataset.X_test[:test_size], dataset.y_test[:test_size]
        )

    def epochs_of(self, full: int) -> int:
        """How many epochs a training has that would have `full`."""
        return min(full, self.epochs or (QUICK_EPOCHS if self.quick else full))

    def each_seed(self) -> range:
        """The seeds: 0, 1, …"""
        return range(self.seeds or 1)

    def torch_device(self) -> str:
        """`"cpu"`, `"cuda"` or `"mps"`. Raises PlaygroundError where it, or PyTorch, is not there."""
        require("torch", "playground")
        try:
            return utils.choose_device(self.device)
        except ValueError as error:
            raise PlaygroundError(str(error)) from None
