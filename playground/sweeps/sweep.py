"""A sweep from its beginning, or from where it was left, to its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from playground import datasets
from playground.errors import PlaygroundError
from playground.sweeps import crews, wandb_sweep
from playground.sweeps.ledger import Ledger
from playground.sweeps.settings import Settings
from playground.sweeps.study import opened
from playground.tracking import open_tracker, wandb_tracker

if TYPE_CHECKING:
    from optuna import Study


def sweep(
    path: Path,
    settings: Settings,
    trials: int,
    *,
    pruner: str = "median",
    jobs: int = 1,
    dask: str | None = None,
    tracker: str = "none",
    log_dir: Path = Path("runs"),
    data_dir: Path | None = None,
    verbose: bool = True,
) -> Study:
    """The study in the file `path`, with so many trials in it that have come to their end: what is there counts.
    `verbose` prints a line for each.

    Raises PlaygroundError where it cannot be done as asked, or was interrupted; the file then holds what is finished,
    and the same call goes on.
    """
    dataset = datasets.load(
        settings.dataset, data_dir
    )  # what is missing here is said before a study is begun
    datasets.split(
        dataset, validation_size=settings.validation_size, train_size=settings.train_size
    )
    with opened(path, settings, pruner) as study:
        ledger = Ledger(
            study, settings, trials, partial(open_tracker, tracker, log_dir), data_dir, verbose
        )
        if verbose and 0 < ledger.finished < trials:
            print(f"{path} holds {ledger.finished} trials; going on")
        with _nothing_is_lost(ledger, path):
            if tracker == "wandb" and wandb_tracker.mode() == "online":
                wandb_sweep.work_as_agent(ledger, log_dir)
            elif dask is not None:
                crews.work_on_dask(ledger, dask)
            elif jobs > 1:
                crews.work_in_processes(ledger, jobs)
            else:
                crews.work_here(ledger)
    return study


@contextlib.contextmanager
def _nothing_is_lost(ledger: Ledger, path: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        ledger.give_up()
        raise PlaygroundError(
            f"interrupted; {path} holds {ledger.finished} of {ledger.trials} trials, and the same command goes on"
        ) from None
    except BaseException:
        ledger.give_up()
        raise
