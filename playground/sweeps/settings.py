"""What all trials of a sweep have in common; a study remembers it, so that no others are mixed in."""

from __future__ import annotations

from dataclasses import dataclass

from playground.datasets import DATASETS
from playground.errors import PlaygroundError
from playground.registry import choose


@dataclass(frozen=True)
class SweepSettings:
    """The images, the most epochs that a trial may have, and the seed. None: a tenth validates, the rest trains."""

    dataset: str = "fashion-mnist"
    train_size: int | None = None
    validation_size: int | None = None
    epochs: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        choose("dataset", self.dataset, DATASETS)
        if self.epochs < 1:
            raise PlaygroundError(f"epochs is {self.epochs}, expected a whole number from 1")
        if self.validation_size == 0:
            raise PlaygroundError(
                "validation_size is 0, and a sweep judges its trials by validation images"
            )
