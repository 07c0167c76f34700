"""The log of a sweep: one process writes the study, the trackers and the printed lines.

Workers send their results to it and never open the study, because SQLite on a network file system
can lose data.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.configuration import Configuration
from playground.history import History
from playground.sweeps import study as studies
from playground.sweeps.settings import SweepSettings
from playground.sweeps.space import configuration_of, distributions, in_words, parameters_of
from playground.sweeps.trial import TrialOutcome, TrialTask
from playground.tracking import Tracker

if TYPE_CHECKING:
    from optuna import Study, Trial

OpenTracker = Callable[[str, dict[str, Any]], Tracker]


@dataclass
class Active:
    """A running trial, and the number of its epochs recorded so far."""

    trial: Trial
    configuration: Configuration
    tracker: Tracker
    epochs: int = 0


class RunLog:
    """Hands out tasks until the study has `trials` finished trials, and records their results."""

    def __init__(
        self,
        study: Study,
        settings: SweepSettings,
        trials: int,
        open_tracker: OpenTracker,
        data_dir: str | Path | None = None,
        verbose: bool = True,
    ):
        self.study, self.settings, self.data_dir, self.verbose = study, settings, data_dir, verbose
        self.open_tracker = open_tracker
        self.trials, self.finished = trials, studies.finished(study)
        self.running: dict[int, Active] = {}

    @property
    def has_more(self) -> bool:
        """Whether another task can start."""
        return self.finished + len(self.running) < self.trials

    def begin(self) -> TrialTask:
        """The next task."""
        trial = self.study.ask(distributions(self.settings.epochs))
        configuration = configuration_of(trial.params)
        trial.set_user_attr("configuration", json.dumps(asdict(configuration)))
        told = {**asdict(self.settings), "dataset": self.settings.source, **asdict(configuration)}
        tracker = self.open_tracker(f"trial-{trial.number:04d}", told)
        self.running[trial.number] = Active(trial, configuration, tracker)
        return TrialTask(trial.number, configuration, self.settings, self.data_dir)

    def report(self, number: int, epoch: int, history: History) -> bool:
        """Records an epoch of a task; returns whether to stop the task."""
        active = self.running[number]
        if epoch > active.epochs:  # otherwise it was restarted on another worker
            active.epochs = epoch
            active.trial.report(history.val_accuracies[-1], epoch)
            active.tracker.epoch(epoch, history)
        return epoch < active.configuration.epochs and active.trial.should_prune()

    def end(self, outcome: TrialOutcome) -> None:
        """Records the end of a task."""
        from optuna.trial import TrialState

        active, history = self.running.pop(outcome.number), outcome.history
        for name, value in _attributes(outcome).items():
            active.trial.set_user_attr(name, value)
        if outcome.end == "complete":
            self.study.tell(active.trial, history.val_accuracies[-1])
        else:  # "pruned" also for diverged trials, so that the sampler learns from them
            self.study.tell(active.trial, state=TrialState.PRUNED)
        active.tracker.finish(summary_of(outcome))
        active.tracker.close()
        self.finished += 1
        self._print(outcome, active.configuration)

    def add_finished(self, configuration: Configuration, outcome: TrialOutcome) -> None:
        """Records a finished trial whose configuration was chosen elsewhere."""
        from optuna.trial import TrialState, create_trial

        accuracies = outcome.history.val_accuracies
        complete = outcome.end == "complete"
        trial = create_trial(
            state=TrialState.COMPLETE if complete else TrialState.PRUNED,
            value=accuracies[-1] if complete else None,
            params=parameters_of(configuration, self.settings.epochs),
            distributions=distributions(self.settings.epochs),
            intermediate_values=dict(enumerate(accuracies, start=1)),
            user_attrs={"configuration": json.dumps(asdict(configuration)), **_attributes(outcome)},
        )
        self.study.add_trial(trial)
        self.finished += 1
        self._print(outcome, configuration)

    def requeue(self) -> None:
        """Queues the running tasks again for when the sweep is resumed."""
        for active in self.running.values():
            active.tracker.close()
        self.running.clear()
        studies.requeue_unfinished(self.study)

    def _print(self, outcome: TrialOutcome, configuration: Configuration) -> None:
        if not self.verbose:
            return
        accuracies = outcome.history.val_accuracies
        reached = f"{accuracies[-1]:.2%}" if accuracies else ""
        line = (
            f"trial {outcome.number:<4} {reached:>7} {outcome.end:9} after {len(accuracies):2} of "
        )
        print(f"{line}{configuration.epochs:2} epochs  {in_words(configuration)}", flush=True)


def summary_of(outcome: TrialOutcome) -> dict[str, Any]:
    """The summary of a trial for its tracker."""
    accuracies = outcome.history.val_accuracies
    reached = {"val_accuracy": accuracies[-1]} if accuracies else {}
    return {
        "end": outcome.end,
        "seconds": outcome.seconds,
        "parameters": outcome.parameters,
        **reached,
    }


def _attributes(outcome: TrialOutcome) -> dict[str, Any]:
    """The attributes of a trial that the study stores besides the accuracies."""
    history = json.dumps(outcome.history.curves())
    return {
        "end": outcome.end,
        "seconds": outcome.seconds,
        "parameters": outcome.parameters,
        "history": history,
    }
