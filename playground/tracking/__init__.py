"""Trackers record the learning curves of a run.

    with open_tracker("csv", Path("runs"), "first-try", asdict(configuration)) as tracker:
        run = train(network, *split, after_epoch=tracker.epoch)
        tracker.finish({"val_accuracy": run.history.val_accuracies[-1]})

`none` records nothing; `csv` needs no package; `tensorboard` and `wandb` need the extra `tracking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playground.errors import PlaygroundError
from playground.registry import choose
from playground.tracking.csv_tracker import CsvTracker
from playground.tracking.tensorboard_tracker import TensorBoardTracker
from playground.tracking.tracker import Tracker
from playground.tracking.wandb_tracker import WandbTracker

__all__ = ["TRACKERS", "Tracker", "open_tracker"]

TRACKERS: dict[str, type[Tracker]] = {
    "none": Tracker,
    "csv": CsvTracker,
    "tensorboard": TensorBoardTracker,
    "wandb": WandbTracker,
}


def open_tracker(
    name: str, folder: str | Path, run: str, configuration: Mapping[str, Any]
) -> Tracker:
    """A tracker for one run, by name, with its files in `folder`, which is created if needed.

    Raises PlaygroundError for an unknown name, a missing package or a folder that cannot be
    created.
    """
    kind, folder = choose("tracker", name, TRACKERS), Path(folder)
    if kind is not Tracker:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PlaygroundError(
                f"{folder} cannot be created ({error.strerror}), expected a folder for logs"
            ) from None
    return kind(folder, run, configuration)
