"""One submission being marked: the life of its workers, and the results so far."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace

from grader.checks.context import Context
from grader.marking import runner
from grader.marking.alone import MACHINE
from grader.marking.trainings import Trainings
from grader.options import Options
from grader.results import Report, SectionResult, Status, Verdict
from grader.rubric import Rubric
from grader.rules import RubricSection
from grader.sandbox.budget import Clock
from grader.sandbox.levels import expected
from grader.sandbox.own_paths import shown, without_paths
from grader.sandbox.servers import Servers
from grader.sections import SCRIPTS
from grader.submission.preparing import Findings, prepared
from grader.submission.reading import Submission
from grader.training.fitted_network import FittedNetwork
from grader.training.several import StoredRun, stored

MAX_PRINTED = 1000  # characters of a script's output in the feedback


class Marking:
    """Marks sections one by one; `report` returns the results.

    `explains` says whether wrong answers are probed further, to name the mistake. `servers` are
    those of the submission where they were begun before.
    """

    def __init__(
        self,
        submission: Submission,
        rubric: Rubric,
        options: Options,
        *,
        explains: bool = True,
        servers: Servers | None = None,
    ):
        self.submission, self.rubric, self.options = submission, rubric, options
        self.results: dict[str, SectionResult] = {}
        self.chosen = rubric.select(list(options.only), options.skip_training)
        self._started = time.perf_counter()
        self._shown: dict[str, str] = {}  # the output of each script that feedback has shown
        sandbox = expected(options.sandbox)
        self._servers = servers or Servers(submission, rubric, sandbox, device=options.device)
        self._is_begun = False
        self._remarks: tuple[str, ...] = ()
        self._findings: Findings = {}
        self.clock = Clock(rubric.limits.submission_seconds)
        self.students = {script: self._servers.student(script, self.clock) for script in SCRIPTS}
        trained = frozenset(section.script for section in self.to_run() if section.training)
        curves = frozenset(s.script for s in self.to_run() if s.section.reads_curves)
        self._trainings = Trainings(rubric, options, trained, curves)
        self.context = Context(
            self.submission,
            rubric,
            options,
            self.students,
            self._trainings,
            self.clock,
            explains,
        )

    def begin(self) -> None:
        """Start the fork servers, and prepare the scripts meanwhile. Does so once.

        Importing torch takes a while. Raises CannotGrade where no sandbox level works.
        """
        if self._is_begun:
            return
        self._is_begun = True
        self._servers.begin(section.script for section in self.to_run())
        self.submission, self._remarks, self._findings = prepared(self.submission, self.rubric)
        self.context = replace(self.context, submission=self.submission)
        # retried, and reported, when a worker is needed
        with contextlib.suppress(OSError, RuntimeError):
            self._servers.confirm(self.submission)

    def to_run(self) -> list[RubricSection]:
        """The sections to report and the sections that these need, in the rubric's order."""
        return self.rubric.with_needs(self.chosen)

    def mark(self, section: RubricSection) -> SectionResult:
        """The result of a section, marked on the first call, after the sections that it needs."""
        if section.number in self.results:
            return self.results[section.number]
        self.begin()
        needs = [self.rubric.by_number[number] for number in section.needs]
        failed = [need for need in needs if self.mark(need).status is Status.FAILED]
        started, trained_before = time.perf_counter(), self._training_seconds(section)
        noted = len(self.context.notes)
        if section in self.chosen:  # results of others are not kept
            self._note_source(section.script)
        with MACHINE.among_others():
            attempt = runner.run(section, self.context, failed)
        verdict = attempt.verdict
        if attempt.failed:
            verdict = replace(verdict, printed=self._printed(section))
        result = SectionResult(
            number=section.number,
            title=section.title,
            max_points=section.points,
            seconds=round(self._seconds(section, started, trained_before), 3),
            verdict=shown(replace(verdict, notes=(*verdict.notes, *self._notes(section, verdict)))),
            script=section.script,
            comparisons=attempt.comparisons,
            notes=tuple(self.context.notes[noted:]),
            answer=self.context.answers.get(section.number, ""),
        )
        self.results[section.number] = result
        return result

    def mark_all(self) -> dict[str, SectionResult]:
        """Mark the chosen sections and end the workers; returns the results by number."""
        try:
            self.begin()
            for section in self.to_run():
                self.mark(section)
                self.end_worker_after(section)
            return {section.number: self.results[section.number] for section in self.chosen}
        finally:
            self.close()

    def end_worker_after(self, section: RubricSection) -> None:
        """End a script's worker after its last section: network and data take a gigabyte."""
        if section == [s for s in self.to_run() if s.script == section.script][-1]:
            self._end_worker(section.script)

    def _end_worker(self, script: str) -> None:
        if script:
            self.students[script].close()

    def _note_source(self, script: str) -> None:
        """Note what was found in a script's source, with the first of its sections."""
        for name, text in self._findings.get(script, []):
            self.context.note(name, script, text)

    def _notes(self, section: RubricSection, verdict: Verdict) -> list[str]:
        """Notes of the marking itself: how the files were read, and what training ran on."""
        if section.script:
            return self._training_notes(section, verdict)
        listed = {} if verdict.status is Status.FAILED else self.submission.problems
        ignored = [f"{name} {problem}." for name, problem in listed.items()]
        return [*self.submission.notes, *ignored, *self._remarks]

    def _training_notes(self, section: RubricSection, verdict: Verdict) -> list[str]:
        """Notes on a training: earlier sections that failed, and a reduced number of images."""
        failed = [
            result.number
            for result in self.results.values()
            if result.script == section.script and result.status is Status.FAILED
        ]
        return training_notes(section, verdict, failed, self.options)

    def _printed(self, section: RubricSection) -> str:
        """The end of the script's output, if it has not been shown before."""
        if not section.script:
            return ""
        # without paths first: the cut must not leave half of one
        printed = without_paths(self.students[section.script].printed).strip()[-MAX_PRINTED:]
        if printed == self._shown.get(section.script, ""):
            return ""
        self._shown[section.script] = printed
        return printed

    def _training_seconds(self, section: RubricSection) -> float | None:
        student = self.students.get(section.script)
        return self._trainings.seconds(student) if student is not None else None

    def _seconds(
        self, section: RubricSection, started: float, trained_before: float | None
    ) -> float:
        """Wall time of a section.

        Training counts in the accuracy section, whichever section started it.
        """
        elapsed = time.perf_counter() - started
        training = self._training_seconds(section) or 0.0
        if section.training == (trained_before is not None):
            return elapsed + training if section.training else elapsed - training
        return elapsed

    def report(self) -> Report:
        """The results of the chosen sections."""
        runs = {
            script: run
            for script, student in self.students.items()
            if (run := self._trainings.finished(student)) is not None
        }
        return Report(
            sections=tuple(self.results[s.number] for s in self.chosen if s.number in self.results),
            accuracy={script: run.accuracy for script, run in runs.items()},
            bars=self.rubric.bars,
            seconds=round(time.perf_counter() - self._started, 3),
            seed=self.options.seed,
            attempt=self.options.attempt,
            device=self.options.device,
            sandbox=self._servers.sandbox.level,
            submission=self.submission.name,
            trainings={script: run.shown for script, run in runs.items() if run.shown is not None},
        )

    def runs(self) -> dict[str, tuple[StoredRun, ...]]:
        """All trainings by script, to keep: of those in the report's `trainings`."""
        return {
            script: stored(self._trainings.runs(student))
            for script, student in self.students.items()
            if self._trainings.finished(student) is not None
        }

    def networks(self) -> dict[str, FittedNetwork]:
        """The trained networks by script, of those in the report's `trainings` that were kept."""
        runs = {script: self._trainings.finished(one) for script, one in self.students.items()}
        return {script: run.network for script, run in runs.items() if run and run.network}

    def close(self) -> None:
        """End every worker and every fork server."""
        for student in self.students.values():
            student.close()
        self._servers.close()


def training_notes(
    section: RubricSection, verdict: Verdict, failed: Sequence[str], options: Options
) -> list[str]:
    """Notes on a training: `failed` sections of its script, and a reduced number of images."""
    if not section.training:
        return []
    notes = []
    if verdict.status is Status.FAILED and failed:
        notes.append(f"Fix {', '.join(failed)} first: training runs on your own code.")
    if options.train_size:
        notes.append(
            f"This was a trial with {options.train_size:,} training images; "
            "the bar is meant for all of them."
        )
    return notes
