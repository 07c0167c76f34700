"""The trainings of a marking: each script is trained once, and again if it is close to its bar."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

from assignment.expect import CheckFailed
from assignment.parts import PARTS
from grader.marking.audit import audit
from grader.options import Options
from grader.rubric import Rubric
from grader.sandbox.budget import Budget
from grader.sandbox.remote import StudentScript
from grader.sections import SCRIPTS
from grader.training.run import TrainingOutcome, train
from grader.training.several import median_run, runs_wanted

# Between the seeds of the runs of one marking. Class seeds are often 1, 2, 3, …, and must not
# coincide.
SEED_STRIDE = 7919
SPARE = 1.5  # times what the first run took, that must be left for another


class Trainings:
    """Trains a script on the first request, and keeps the result."""

    def __init__(
        self,
        rubric: Rubric,
        options: Options,
        trained: frozenset[str],
        with_curves: frozenset[str] = frozenset(SCRIPTS),
    ):
        """`trained` holds the scripts whose accuracy is marked, `with_curves` those with curves."""
        self._rubric, self._options, self._trained = rubric, options, trained
        self._with_curves = with_curves
        self._runs: dict[StudentScript, TrainingOutcome] = {}
        self._all: dict[StudentScript, list[TrainingOutcome]] = {}
        self._failures: dict[StudentScript, CheckFailed] = {}
        self._seconds: dict[StudentScript, float] = {}

    def includes(self, script: str) -> bool:
        """Whether this marking trains a script."""
        return script in self._trained

    def seconds(self, student: StudentScript) -> float | None:
        """Wall time of all trainings of a script; None if it was not trained."""
        return self._seconds.get(student)

    def finished(self, student: StudentScript) -> TrainingOutcome | None:
        """The training of a script; None if there was none or it failed."""
        return self._runs.get(student)

    def runs(self, student: StudentScript) -> tuple[TrainingOutcome, ...]:
        """All trainings of a script that ended well, the first one first."""
        return tuple(self._all.get(student, ()))

    def of(self, student: StudentScript) -> TrainingOutcome:
        """The training of a script. Raises CheckFailed if it failed."""
        if student in self._failures:
            raise self._failures[student]
        if student not in self._runs:
            started = time.perf_counter()
            try:
                self._runs[student] = self._with_audit(student, self._median_run(student))
            except CheckFailed as failure:
                self._failures[student] = failure
                raise
            finally:
                self._seconds[student] = time.perf_counter() - started
        return self._runs[student]

    def forget_failure(self, student: StudentScript) -> None:
        """Train a script again on the next request, if its training failed."""
        self._failures.pop(student, None)

    def _median_run(self, student: StudentScript) -> TrainingOutcome:
        rules, bar = self._rubric.training, self._rubric.bars[student.script]
        runs = self._all[student] = []
        with self._limited(student) as budget:
            runs.append(self._one_run(student, 0))
            first = budget.spent
            while len(runs) < runs_wanted(runs[0].accuracy, bar, rules):
                if budget.left < SPARE * first:
                    break
                runs.append(self._one_run(student, len(runs)))
        return median_run(runs)

    def _with_audit(self, student: StudentScript, run: TrainingOutcome) -> TrainingOutcome:
        """The run with what an audit found, if there is one: of a network above its bar."""
        if not self._options.audit or run.accuracy < self._rubric.bars[student.script]:
            return run
        again = partial(self._one_run, student, len(run.accuracies))
        is_flat = PARTS[student.script].image_shape == (784,)
        with self._limited(student):  # a sleeper must not get around its audit
            found = audit(again, run, self._rubric.training, is_flat=is_flat)
        return replace(run, notes=run.notes + found)

    def _limited(self, student: StudentScript) -> AbstractContextManager[Budget]:
        seconds = self._rubric.limits.train_seconds[student.script]
        return student.clock.step(seconds, "fit and predict together", apart=True)

    def _one_run(
        self,
        student: StudentScript,
        number: int,
        *,
        train_size: int | None = None,
        **changes: Any,
    ) -> TrainingOutcome:
        options = self._options
        return train(
            student,
            seconds=self._rubric.limits.train_seconds[student.script],
            seed=options.drawn_from + SEED_STRIDE * number,
            device=options.device,
            data_dir=options.data_dir,
            train_size=_smaller(train_size, options.train_size),
            reads_curves=student.script in self._with_curves and not changes,
            **changes,
        )


def _smaller(size: int | None, other: int | None) -> int | None:
    """The smaller of two numbers of training images; None stands for all."""
    return min((n for n in (size, other) if n is not None), default=None)
