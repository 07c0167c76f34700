"""The trainings of a marking: each script once, however many sections ask; near its bar again, and the median counts."""

from __future__ import annotations

import time
from dataclasses import replace

from assignment.expect import CheckFailed
from assignment.parts import PARTS
from grader.options import Options
from grader.rubric import Rubric
from grader.sandbox.remote import Student
from grader.training.run import Run, train

SEED_STRIDE = (
    7919  # between the runs of one marking: seeds of a class are often 1, 2, 3, and must not meet
)


class Trainings:
    """Trains scripts when they are first asked for, and keeps what came of it."""

    def __init__(self, rubric: Rubric, options: Options, trained: frozenset[str]):
        """`trained` are the scripts whose accuracy is marked."""
        self._rubric, self._options, self._trained = rubric, options, trained
        self._runs: dict[Student, Run] = {}
        self._failures: dict[Student, CheckFailed] = {}
        self._seconds: dict[Student, float] = {}

    def includes(self, script: str) -> bool:
        """Whether this marking trains a script."""
        return script in self._trained

    def seconds(self, student: Student) -> float | None:
        """Wall time of a script's trainings, repeated ones included; None if it was not trained."""
        return self._seconds.get(student)

    def finished(self, student: Student) -> Run | None:
        """The training of a script, if there was one and it came to its end."""
        return self._runs.get(student)

    def of(self, student: Student) -> Run:
        """The training of a script. Raises CheckFailed where it comes to nothing."""
        if student in self._failures:
            raise self._failures[student]
        if student not in self._runs:
            started = time.perf_counter()
            try:
                self._runs[student] = self._median_run(student)
            except CheckFailed as failure:
                self._failures[student] = failure
                raise
            finally:
                self._seconds[student] = time.perf_counter() - started
        return self._runs[student]

    def _median_run(self, student: Student) -> Run:
        rules, bar = self._rubric.training, self._rubric.bars[student.script]
        runs = [self._one_run(student, 0)]
        while len(runs) < rules.runs and abs(runs[0].accuracy - bar) < rules.margin:
            runs.append(self._one_run(student, len(runs)))
        ranked = sorted(runs, key=lambda run: run.accuracy)
        median = ranked[(len(ranked) - 1) // 2] if len(ranked) % 2 else ranked[len(ranked) // 2]
        audited = None
        if self._is_audited(student.script, median):
            audited = self._one_run(student, len(runs), shuffle_pixels=True).accuracy
        return replace(median, accuracies=tuple(run.accuracy for run in runs), audited=audited)

    def _is_audited(self, script: str, run: Run) -> bool:
        """Whether a network is trained once more with permuted pixels: one that cannot notice, and has met its bar."""
        flat = PARTS[script].image_shape == (784,)
        return self._options.audit and flat and run.accuracy >= self._rubric.bars[script]

    def _one_run(self, student: Student, number: int, *, shuffle_pixels: bool = False) -> Run:
        options = self._options
        return train(
            student,
            seconds=self._rubric.limits.train_seconds[student.script],
            seed=options.seed + SEED_STRIDE * number,
            device=options.device,
            data_dir=options.data_dir,
            train_size=options.train_size,
            shuffle_pixels=shuffle_pixels,
        )
