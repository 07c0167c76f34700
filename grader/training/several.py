"""Which trainings count for a bar: one, or the median of several if the first is close to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from grader.results import Training, training_from
from grader.rules import TrainingRules
from grader.training.run import TrainingOutcome
from utils import History


def runs_wanted(first: float, bar: float, rules: TrainingRules) -> int:
    """How many trainings count, by the accuracy of the first."""
    return rules.runs if abs(first - bar) < rules.margin else 1


def median_run(runs: Sequence[TrainingOutcome]) -> TrainingOutcome:
    """The run with the median accuracy, the better of two; it names the accuracies of all."""
    ranked = sorted(runs, key=lambda run: run.accuracy)
    return replace(ranked[len(ranked) // 2], accuracies=tuple(run.accuracy for run in runs))


@dataclass(frozen=True)
class StoredRun:
    """One training as a gradebook keeps it: all that a verdict by another bar needs."""

    accuracy: float
    seconds: float
    classes: int
    moved: bool
    backward_problem: str
    history_problem: str
    judged: dict[str, tuple[float, ...]] | None
    shown: Training


def stored(runs: Sequence[TrainingOutcome]) -> tuple[StoredRun, ...]:
    """The runs to keep; none if one of them has no details."""
    kept = tuple(_stored(run, run.shown) for run in runs if run.shown is not None)
    return kept if len(kept) == len(runs) else ()


def _stored(run: TrainingOutcome, shown: Training) -> StoredRun:
    judged = run.judged
    return StoredRun(
        accuracy=run.accuracy,
        seconds=run.seconds,
        classes=run.classes,
        moved=run.moved,
        backward_problem=run.backward_problem,
        history_problem=run.history_problem,
        judged=None if judged is None else {k: tuple(v) for k, v in vars(judged).items()},
        shown=shown,
    )


def stored_from(fields: dict[str, Any]) -> StoredRun:
    """The run with these fields, as read from JSON; `fields` is emptied."""
    judged, shown = fields.pop("judged"), training_from(fields.pop("shown"))
    curves = None if judged is None else {name: tuple(values) for name, values in judged.items()}
    return StoredRun(judged=curves, shown=shown, **fields)


def suffice(runs: Sequence[StoredRun], bar: float, rules: TrainingRules) -> bool:
    """Whether a marking with this bar would train no more often."""
    return runs_wanted(runs[0].accuracy, bar, rules) <= len(runs)


def outcome_by(runs: Sequence[StoredRun], bar: float, rules: TrainingRules) -> TrainingOutcome:
    """The outcome of a marking with this bar that had these trainings."""
    wanted = runs_wanted(runs[0].accuracy, bar, rules)
    return median_run([_restored(run) for run in runs[:wanted]])


def _restored(run: StoredRun) -> TrainingOutcome:
    return TrainingOutcome(
        run.accuracy,
        _history(run.shown.curves),
        run.seconds,
        shown=run.shown,
        classes=run.classes,
        moved=run.moved,
        backward_problem=run.backward_problem,
        history_problem=run.history_problem,
        judged=_history(run.judged),
    )


def _history(curves: dict[str, tuple[float, ...]] | None) -> History | None:
    return History(**{name: list(values) for name, values in curves.items()}) if curves else None
