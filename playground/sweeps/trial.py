"""One trial: a network trained on the training images and judged by the validation images, wherever it runs."""

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
from playground.network import Network
from playground.sweeps.settings import SweepSettings
from playground.training import train
from utils import History


@dataclass(frozen=True)
class TrialTask:
    """All that a worker needs to know. The data lies where the worker is, in `data_dir` or in its own `data/`."""

    number: int
    configuration: Configuration
    settings: SweepSettings
    data_dir: Path | None


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended: "complete", "pruned" or "diverged". The history tells of all epochs that were trained."""

    number: int
    end: str
    history: History
    parameters: int
    seconds: float


# Told of each epoch; gives whether to stop there
Report = Callable[[int, int, History], bool]


class Pruned(Exception):
    """Ends a training that is not worth going on with."""


def run_trial(task: TrialTask, report: Report) -> TrialOutcome:
    """Trains one configuration, tells `report(number, epoch, history)` of each epoch, and stops where it gives True."""
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
    """The images of all trials, and how many classes they have; the test images are left behind."""
    dataset = datasets.load(settings.dataset, data_dir)
    split = datasets.split(
        dataset,
        validation_size=settings.validation_size,
        train_size=settings.train_size,
        seed=settings.seed,
    )
    return split, len(dataset.class_names)
