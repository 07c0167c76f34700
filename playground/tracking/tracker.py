"""The interface of all trackers, called in this order: constructor, epoch, finish, close."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from playground.history import History

CURVES = {
    "train_loss": "train_losses",
    "val_loss": "val_losses",
    "train_accuracy": "train_accuracies",
    "val_accuracy": "val_accuracies",
}


class Tracker:
    """A tracker that records nothing; its subclasses write to `folder`. `run` is the run's name.

    As a context manager, it closes itself at the end, even if the run fails.
    """

    def __init__(self, folder: Path, run: str, configuration: Mapping[str, Any]):
        self.folder, self.run, self.configuration = folder, run, configuration

    def epoch(self, epoch: int, history: History) -> None:
        """Records the epoch's values of the four curves and the losses of its steps.

        It can be passed to `train(after_epoch=…)`.
        """

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Records the summary of a finished run, such as `{"val_accuracy": 0.89}`."""

    def close(self) -> None:
        """Releases all resources; called once, after everything else."""

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def newest_steps(history: History) -> list[tuple[int, float]]:
    """The numbers of the last epoch's steps, counted from 1 over all epochs, and their losses.

    >>> newest_steps(History([0.5, 0.4], step_losses=[0.7, 0.6, 0.5, 0.4]))
    [(3, 0.5), (4, 0.4)]
    """
    steps = len(history.step_losses) // max(1, len(history.train_losses))
    first = len(history.step_losses) - steps
    return list(enumerate(history.step_losses[first:], start=first + 1))


def newest(history: History) -> dict[str, float]:
    """The values of the last epoch by name, without those that are NaN (not measured).

    >>> newest(History([0.5, 0.4], [math.nan] * 2, [0.8, 0.9], [math.nan] * 2))
    {'train_loss': 0.4, 'train_accuracy': 0.9}
    """
    values = {name: getattr(history, curve)[-1] for name, curve in CURVES.items()}
    return {name: value for name, value in values.items() if not math.isnan(value)}
