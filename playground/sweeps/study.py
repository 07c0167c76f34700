"""The study: Optuna's record of all trials, in one SQLite file used by one sweep at a time."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.errors import BadFile, PlaygroundError
from playground.extras import require
from playground.registry import choose
from playground.sweeps.settings import SweepSettings
from playground.sweeps.space import SPACE_VERSION

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.storages import RDBStorage

STUDY_NAME = "playground"  # name of the study in its file, and of the attribute with its settings


def _median(epochs: int) -> BasePruner:
    from optuna.pruners import MedianPruner

    return MedianPruner(n_startup_trials=5, n_warmup_steps=2)


def _hyperband(epochs: int) -> BasePruner:
    from optuna.pruners import HyperbandPruner

    return HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)


def _none(epochs: int) -> BasePruner:
    from optuna.pruners import NopPruner

    return NopPruner()


PRUNERS: dict[str, Callable[[int], BasePruner]] = {
    # after two epochs, ends trials below the median of the others at the same epoch
    "median": _median,
    # gives most trials few epochs, the best third three times as many, and so on
    "hyperband": _hyperband,
    "none": _none,
}


@contextlib.contextmanager
def opened(path: Path, settings: SweepSettings, pruner: str = "median") -> Iterator[Study]:
    """The study in a file, created if needed and locked against other sweeps.

    Trials that a killed sweep left unfinished are queued again. Raises BadFile if the file is not a
    study, PlaygroundError if it belongs to another sweep or is in use.
    """
    for package in ("optuna", "filelock"):
        require(package, "playground")
    from filelock import FileLock, Timeout

    make_pruner = choose("pruner", pruner, PRUNERS)
    if not path.parent.is_dir():
        raise PlaygroundError(
            f"{path} cannot be written, expected a file in an existing, writable folder"
        )
    try:
        with FileLock(f"{path}.lock", timeout=0):
            study, storage = _load(path, settings, make_pruner(settings.epochs))
            try:
                requeue_unfinished(study)
                yield study
            finally:
                storage.engine.dispose()  # merges the write-ahead log into the file
    except Timeout:
        raise PlaygroundError(
            f"{path} is in use by another sweep: wait for it or choose another --study"
        ) from None


def _load(path: Path, settings: SweepSettings, pruner: BasePruner) -> tuple[Study, RDBStorage]:
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if path.exists() and path.stat().st_size > 0:
        _check_file(path)
    try:
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{path}", engine_kwargs={"creator": partial(_connect, path)}
        )
        # with a constant seed, a resumed sweep would draw the same trials again
        drawn = sum(summary.n_trials for summary in optuna.get_all_study_summaries(storage))
        study = optuna.create_study(
            study_name=STUDY_NAME,
            storage=storage,
            direction="maximize",
            load_if_exists=True,
            pruner=pruner,
            sampler=optuna.samplers.TPESampler(seed=settings.seed + drawn),
        )
        _check_settings(path, study, settings)
    except (SQLAlchemyError, RuntimeError, optuna.exceptions.OptunaError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadFile(
            f"{path} cannot be used ({reason}), expected a study of this version of Optuna"
        ) from None
    return study, storage


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that does not wait for the disk at each of the many small changes.

    With a write-ahead log a killed sweep loses nothing, and a power failure at most the last
    changes.
    """
    # SQLAlchemy ensures that only one thread at a time uses the connection
    connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _check_file(path: Path) -> None:
    """Raises PlaygroundError, before any write, if the file was not written by a sweep."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        ) as database:
            tables = {
                name
                for (name,) in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                )
            }
            if not {"studies", "trials", "version_info"} <= tables:
                raise BadFile(
                    f"{path} is another program's database, expected a file written by sweep"
                )
            studies = {name for (name,) in database.execute("SELECT study_name FROM studies")}
    except sqlite3.Error as error:
        raise BadFile(
            f"{path} is not a study ({error}), expected a file written by sweep"
        ) from None
    if studies and STUDY_NAME not in studies:
        raise PlaygroundError(
            f"{path} holds studies, but none made by the playground: choose another --study"
        )


def _check_settings(path: Path, study: Study, settings: SweepSettings) -> None:
    """Stores the settings in a new study. Raises PlaygroundError if an old study has others."""
    # as JSON keeps it, in which a pair of files is a list
    wanted: dict[str, Any] = json.loads(json.dumps({"space": SPACE_VERSION, **asdict(settings)}))
    if STUDY_NAME not in study.user_attrs and not study.get_trials(deepcopy=False):
        study.set_user_attr(STUDY_NAME, wanted)
    noted = study.user_attrs.get(STUDY_NAME)
    if not isinstance(noted, dict):
        raise PlaygroundError(
            f"{path} holds trials that the playground did not make: choose another --study"
        )
    if noted.get("space") != SPACE_VERSION:
        raise PlaygroundError(
            f"{path} has version {noted.get('space')} of the search space, expected "
            f"{SPACE_VERSION}: choose another --study"
        )
    for name, value in wanted.items():
        if noted.get(name) != value:
            raise PlaygroundError(
                f"{path} was started with {name} {noted.get(name)}, not {value}: use the same "
                "value or choose another --study"
            )


def finished(study: Study) -> int:
    """The number of finished trials, including pruned ones."""
    from optuna.trial import TrialState

    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))


def requeue_unfinished(study: Study) -> None:
    """Queues interrupted trials again, with the same parameters.

    The order of the two steps makes it safe to interrupt: the next call completes it.
    """
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    waiting_again = {trial.user_attrs.get("again") for trial in trials}
    for trial in trials:
        if trial.state == TrialState.RUNNING:
            if trial.number not in waiting_again:
                study.enqueue_trial(trial.params, user_attrs={"again": trial.number})
            study.tell(trial.number, state=TrialState.FAIL)
