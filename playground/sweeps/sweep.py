"""Runs a sweep, or resumes one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from playground import datasets
from playground.errors import PlaygroundError
from playground.sweeps import executors, wandb_sweep
from playground.sweeps.run_log import RunLog
from playground.sweeps.settings import SweepSettings
from playground.sweeps.study import opened
from playground.tracking import open_tracker, wandb_tracker

if TYPE_CHECKING:
    from optuna import Study


def sweep(
    path: str | Path,
    settings: SweepSettings,
    trials: int,
    *,
    pruner: str = "median",
    jobs: int = 1,
    dask: str | None = None,
    tracker: str = "none",
    log_dir: str | Path = "runs",
    data_dir: str | Path | None = None,
    verbose: bool = True,
) -> Study:
    """The study in the file `path`, with at least `trials` finished trials, including old ones.

    `verbose` prints a line for each trial. Raises PlaygroundError if an argument is invalid or the
    sweep is interrupted; the file then holds the finished trials, and the same call resumes.
    """
    path, log_dir = Path(path), Path(log_dir)
    # raises an error for missing data before the study is created
    dataset = datasets.load(settings.dataset, data_dir, settings.csv)
    datasets.split(
        dataset, validation_size=settings.validation_size, train_size=settings.train_size
    )
    with opened(path, settings, pruner) as study:
        log = RunLog(
            study, settings, trials, partial(open_tracker, tracker, log_dir), data_dir, verbose
        )
        if verbose and 0 < log.finished < trials:
            print(f"{path} holds {log.finished} finished trials; resuming")
        with _requeue_on_error(log, path):
            if tracker == "wandb" and wandb_tracker.mode() == "online":
                wandb_sweep.run_as_agent(log, log_dir)
            elif dask is not None:
                executors.run_on_dask(log, dask)
            elif jobs > 1:
                executors.run_in_processes(log, jobs)
            else:
                executors.run_in_this_process(log)
    return study


@contextlib.contextmanager
def _requeue_on_error(log: RunLog, path: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        log.requeue()
        raise PlaygroundError(
            f"interrupted; {path} holds {log.finished} of {log.trials} trials, run the same "
            "command again to resume"
        ) from None
    except BaseException:
        log.requeue()
        raise
