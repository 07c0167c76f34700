"""What every tracker is told, and in which order: configuration, epochs, summary, end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from utils import History

CURVES = {
    "train_loss": "train_losses",
    "val_loss": "val_losses",
    "train_accuracy": "train_accuracies",
    "val_accuracy": "val_accuracies",
}


class Tracker:
    """Follows one run, named `run`, and keeps nothing; the other trackers write what they are told into `folder`.

    As a context manager it is closed at the end, whether the run came to its end or not.
    """

    def __init__(self, folder: Path, run: str, configuration: Mapping[str, Any]):
        self.folder, self.run, self.configuration = folder, run, configuration

    def epoch(self, epoch: int, history: History) -> None:
        """Takes the newest values of the four curves; fits `train(after_epoch=…)`."""

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Takes what the run came to, such as `{"val_accuracy": 0.89}`."""

    def close(self) -> None:
        """Nothing more will come."""

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def newest(history: History) -> dict[str, float]:
    """The values of the last epoch by name; without those that were not measured, which are NaN.

    >>> newest(History([0.5, 0.4], [math.nan] * 2, [0.8, 0.9], [math.nan] * 2))
    {'train_loss': 0.4, 'train_accuracy': 0.9}
    """
    values = {name: getattr(history, curve)[-1] for name, curve in CURVES.items()}
    return {name: value for name, value in values.items() if not math.isnan(value)}
