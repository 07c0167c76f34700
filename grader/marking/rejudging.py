"""A stored result judged anew by another bar, from the trainings that were kept: nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assignment.expect import CheckFailed
from grader.checks.context import REPEAT_FAILED
from grader.checks.torch import expect_fitting
from grader.marking.marking import training_notes
from grader.marking.runner import failed_verdict, passed_verdict, with_ladder
from grader.options import Options
from grader.results import SectionResult, Status, Verdict
from grader.rubric import Rubric
from grader.rules import RubricSection
from grader.sandbox.own_paths import shown
from grader.training.run import TrainingOutcome, expect_bar
from grader.training.several import StoredRun, outcome_by, suffice

# verdicts on a training that came to its end; others do not depend on a bar
ON_A_NETWORK = {"train-below-bar", "train-one-class", "train-diverged", "train-without-backward"}


@dataclass(frozen=True)
class StoredTraining:
    """What a script's training came to by the rubric `before` and comes to now; None: it failed."""

    before: TrainingOutcome | None
    now: TrainingOutcome | None


def stored_training(
    accuracy: SectionResult, runs: Sequence[StoredRun], before: Rubric, now: Rubric
) -> StoredTraining | None:
    """The training behind a stored result of an accuracy section; None if it has to be repeated.

    `runs` are the trainings of the marking that gave this result.
    """
    if runs:
        old, new = (rubric.bars[accuracy.script] for rubric in (before, now))
        if not suffice(runs, new, now.training):
            return None
        return StoredTraining(
            outcome_by(runs, old, before.training), outcome_by(runs, new, now.training)
        )
    ended = accuracy.status is Status.PASSED or ON_A_NETWORK.intersection(accuracy.diagnosis)
    repeated = any(note.id == REPEAT_FAILED for note in accuracy.notes)
    return None if ended or repeated else StoredTraining(None, None)


def rejudged(
    section: RubricSection,
    old: SectionResult,
    training: StoredTraining,
    failed: Sequence[str],
    rubric: Rubric,
    options: Options,
) -> SectionResult | None:
    """The result that marking by `rubric` would give; None if that cannot be told.

    It differs in times alone, and in what a script printed if it has only now failed. `failed` are
    the failed sections of the script before this one.
    """
    if section.needs:  # it may have been judged with a substitute, whose training is not kept
        return None
    old = replace(old, title=section.title, max_points=section.points)
    run = training.now
    if section.training and run is not None:
        verdict = _verdict(section, lambda: expect_bar(run, section))
    elif old.answer:
        verdict = _verdict(
            section, lambda: expect_fitting(old.answer, run, rubric, section.script, options)
        )
    else:  # it looked at nothing of the training, or at what is the same in all its runs
        return old if _problem(training.before) == _problem(training.now) else None
    if verdict is None:
        return None
    notes = training_notes(section, verdict, failed, options)
    printed = old.verdict.printed if verdict.status is Status.FAILED else ""
    verdict = replace(verdict, notes=(*verdict.notes, *notes), printed=printed)
    return replace(old, verdict=shown(verdict))


def _verdict(section: RubricSection, check: Callable[[], str | None]) -> Verdict | None:
    try:
        return passed_verdict(check())
    except CheckFailed as failure:
        return with_ladder(section, failed_verdict(section, failure))
    except Exception:  # whose fault that is takes a worker to find out
        return None


def _problem(run: TrainingOutcome | None) -> str:
    return "" if run is None else run.history_problem
