"""The settings of an experiment, and the images it uses."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

import utils
from playground import datasets
from playground.errors import PlaygroundError
from playground.extras import require
from playground.values import check_whole

# A quick run shows that an experiment works; its results mean little.
QUICK_TRAIN, QUICK_VALIDATION, QUICK_TEST, QUICK_EPOCHS = 2000, 500, 1000, 2


class Data(NamedTuple):
    """Training, validation and test images: pixels uint8 `(n, 784)`, labels int64 `(n,)`."""

    class_names: tuple[str, ...]
    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def images(self) -> dict[str, int]:
        """The number of images in each split."""
        return {"train": len(self.y_train), "validation": len(self.y_val), "test": len(self.y_test)}

    @property
    def checksum(self) -> int:
        """The CRC-32 of all images and labels."""
        checksum = 0
        for array in self[1:]:
            checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
        return checksum


@dataclass(frozen=True)
class ExperimentSettings:
    """How an experiment is run. None selects the experiment's default; `quick` makes it small.

    `epochs` is a limit: trainings that are shorter by default stay so, because an experiment may
    have trainings of different lengths. Raises PlaygroundError for a number below 1.

    `seeds` is their number: 3 means the seeds 0, 1 and 2, which draw the initial weights and
    shuffle the batches. The validation images are the same for all seeds. With `csv`, the training
    and test images come from these files instead of Fashion-MNIST. `verbose` prints a line about
    each training to standard error. In the folder `finished`, if there is one, finished trainings
    are kept for a run that is interrupted and started again.
    """

    quick: bool = False
    seeds: int | None = None
    device: str = "auto"
    data_dir: str | Path | None = None
    train_size: int | None = None
    validation_size: int | None = None
    test_size: int | None = None
    epochs: int | None = None
    verbose: bool = False
    csv: tuple[str, str] | None = None
    finished: Path | None = None

    def __post_init__(self) -> None:
        for name in ("seeds", "train_size", "validation_size", "test_size", "epochs"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name))

    def data(self, name: str = "fashion-mnist") -> Data:
        """The images of a dataset in the configured numbers, the same for every training seed."""
        if self.csv and name != "fashion-mnist":
            raise PlaygroundError(f"CSV files take the place of fashion-mnist, not of {name}")
        dataset = datasets.load(name, self.data_dir, self.csv)
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
        """The number of epochs of a training that has `full` epochs by default."""
        return min(full, self.epochs or (QUICK_EPOCHS if self.quick else full))

    def each_seed(self) -> range:
        """The seeds: 0, 1, …"""
        return range(self.seeds or 1)

    def threads(self) -> int:
        """The number of threads that NumPy computes with; in an experiment PyTorch has as many."""
        from threadpoolctl import threadpool_info

        return min((pool["num_threads"] for pool in threadpool_info()), default=1)

    def torch_device(self) -> str:
        """`"cpu"`, `"cuda"` or `"mps"`. Raises PlaygroundError if it or PyTorch is unavailable."""
        require("torch", "playground")
        try:
            return utils.choose_device(self.device)
        except ValueError as error:
            raise PlaygroundError(str(error)) from None
