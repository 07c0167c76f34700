"""One trial: trains a network and evaluates it on the validation images, in any process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from playground import datasets
from playground.configuration import Configuration
from playground.datasets import Split
from playground.errors import Diverged
from playground.history import History
from playground.network import Network
from playground.sweeps.settings import SweepSettings
from playground.training import train


@dataclass(frozen=True)
class TrialTask:
    """The input of a worker, which reads the data from `data_dir` or from its own `data/`."""

    number: int
    configuration: Configuration
    settings: SweepSettings
    data_dir: Path | None


@dataclass(frozen=True)
class TrialOutcome:
    """The result of a trial with all its epochs. `end` is "complete", "pruned" or "diverged"."""

    number: int
    end: str
    history: History
    parameters: int
    seconds: float


# Called with number, epoch and history after each epoch; returns whether to stop.
Report = Callable[[int, int, History], bool]


class Pruned(Exception):
    """Raised inside a training to end it early."""


def run_trial(task: TrialTask, report: Report) -> TrialOutcome:
    """Trains one configuration; stops early when `report(number, epoch, history)` returns True."""
    split, classes = _split(task.settings, task.data_dir)
    network = Network(split.X_train.shape[1], classes, task.configuration, seed=task.settings.seed)
    seen, end, started = History(), "complete", time.perf_counter()

    def after_epoch(epoch: int, history: History) -> None:
        nonlocal seen
        seen = history
        if report(task.number, epoch, history):
            raise Pruned

    try:
        train(network, *split, seed=task.settings.seed, after_epoch=after_epoch)
    except Pruned:
        end = "pruned"
    except Diverged:
        end = "diverged"
    return TrialOutcome(
        task.number, end, seen, network.parameter_count, time.perf_counter() - started
    )


@lru_cache(maxsize=1)
def _split(settings: SweepSettings, data_dir: Path | None) -> tuple[Split, int]:
    """The training and validation images of all trials, and the number of classes."""
    dataset = datasets.load(settings.dataset, data_dir)
    split = datasets.split(
        dataset,
        validation_size=settings.validation_size,
        train_size=settings.train_size,
        seed=settings.seed,
    )
    return split, len(dataset.class_names)
