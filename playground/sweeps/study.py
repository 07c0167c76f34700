"""The study: Optuna's record of all trials, in one SQLite file that one sweep at a time works on."""

from __future__ import annotations

import contextlib
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

STUDY_NAME = "playground"  # of the study in its file, and of the attribute that says what it is


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
    "median": _median,  # from the second epoch on: ends what does worse than half of the others did after as many
    "hyperband": _hyperband,  # gives most trials few epochs and a third of them three times as many, and again
    "none": _none,
}


@contextlib.contextmanager
def opened(path: Path, settings: SweepSettings, pruner: str = "median") -> Iterator[Study]:
    """The study in a file, made where there is none. Meanwhile no other sweep can open it, and whatever a sweep that
    was killed left unfinished waits to be tried again.

    Raises BadFile where the file is something else, PlaygroundError where it is another sweep's or in use.
    """
    for package in ("optuna", "filelock"):
        require(package, "playground")
    from filelock import FileLock, Timeout

    make_pruner = choose("pruner", pruner, PRUNERS)
    if not path.parent.is_dir():
        raise PlaygroundError(
            f"{path} cannot be written, expected a file in a folder that is there and writable"
        )
    try:
        with FileLock(f"{path}.lock", timeout=0):
            study, storage = _load(path, settings, make_pruner(settings.epochs))
            try:
                requeue_unfinished(study)
                yield study
            finally:
                storage.engine.dispose()  # the log is merged into the file
    except Timeout:
        raise PlaygroundError(
            f"{path} is in use by another sweep: wait for it, or give another --study"
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
        # with one seed for all, a sweep that goes on would draw again what it drew at its beginning
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
    """A connection that need not wait for the disk at each of the many small changes.

    A write-ahead log is never damaged: a killed sweep loses nothing, a power cut the last changes at most.
    """
    connection = sqlite3.connect(
        path, timeout=60, check_same_thread=False
    )  # SQLAlchemy sees to it that one uses it
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _check_file(path: Path) -> None:
    """Raises PlaygroundError where a file is not ours, before anything is written into it."""
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
        raise BadFile(f"{path} is no study ({error}), expected a file written by sweep") from None
    if studies and STUDY_NAME not in studies:
        raise PlaygroundError(
            f"{path} holds studies, but none of the playground's: give another --study"
        )


def _check_settings(path: Path, study: Study, settings: SweepSettings) -> None:
    """Notes in a new study what its trials have in common. Raises PlaygroundError where that is not what is wanted."""
    wanted: dict[str, Any] = {"space": SPACE_VERSION, **asdict(settings)}
    if STUDY_NAME not in study.user_attrs and not study.get_trials(deepcopy=False):
        study.set_user_attr(STUDY_NAME, wanted)
    noted = study.user_attrs.get(STUDY_NAME)
    if not isinstance(noted, dict):
        raise PlaygroundError(
            f"{path} holds trials that are none of the playground's: give another --study"
        )
    if noted.get("space") != SPACE_VERSION:
        raise PlaygroundError(
            f"{path} is of space version {noted.get('space')}, this one sweeps {SPACE_VERSION}: give another --study"
        )
    for name, value in wanted.items():
        if noted.get(name) != value:
            raise PlaygroundError(
                f"{path} was begun with {name} {noted.get(name)}, and {value} is asked for: say the same as then, "
                "or give another --study"
            )


def finished(study: Study) -> int:
    """How many trials have come to their end, pruned ones included."""
    from optuna.trial import TrialState

    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))


def requeue_unfinished(study: Study) -> None:
    """Lets trials that nobody is working on any more wait to be tried again, with the values they had.

    The order matters: whenever this is interrupted, the next call finds what is left to do.
    """
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    waiting_again = {trial.user_attrs.get("again") for trial in trials}
    for trial in trials:
        if trial.state == TrialState.RUNNING:
            if trial.number not in waiting_again:
                study.enqueue_trial(trial.params, user_attrs={"again": trial.number})
            study.tell(trial.number, state=TrialState.FAIL)
