"""What a check may use: the submission, the script in its worker, hidden inputs, the training."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from assignment.handles import Module
from grader.errors import StudentFault
from grader.options import Options
from grader.results import Note
from grader.rubric import Rubric, RubricSection
from grader.sandbox.budget import Clock
from grader.sandbox.remote import StudentScript
from grader.submission.reading import Submission
from grader.training.run import TrainingOutcome


class TrainingProvider(Protocol):
    """The trainings of a marking, one per script."""

    def of(self, student: StudentScript) -> TrainingOutcome:
        """The training of a script, run on the first request. Raises CheckFailed if it failed."""

    def includes(self, script: str) -> bool:
        """Whether this marking trains a script."""

    def forget_failure(self, student: StudentScript) -> None:
        """Train a script again on the next request, if its training failed."""


@dataclass(frozen=True)
class Context:
    """Everything that a section is judged by, apart from its entry in the rubric."""

    submission: Submission
    rubric: Rubric
    options: Options
    students: Mapping[str, StudentScript]
    trainings: TrainingProvider
    clock: Clock  # what the calls of this submission may still take
    explains: bool = True  # whether wrong answers are probed further, to name the mistake
    notes: list[Note] = field(default_factory=list)  # for the instructor; they change no mark

    def student(self, section: RubricSection) -> StudentScript:
        """The script that a section is about."""
        return self.students[section.script]

    def module(self, section: RubricSection) -> Module:
        """The script as an object with the script's own names, such as `module.relu(z)`."""
        return self.students[section.script].module

    def rng(self, section: RubricSection) -> np.random.Generator:
        """The generator of a section's hidden inputs, by seed, attempt and section only."""
        return np.random.default_rng([self.options.drawn_from, zlib.crc32(section.number.encode())])

    def run(self, section: RubricSection) -> TrainingOutcome:
        """The training of a section's script. Raises CheckFailed if it failed."""
        run = self.trainings.of(self.students[section.script])
        if section.training:  # several sections ask for the training
            for id, text in run.notes:  # noqa: A001
                self.note(id, section.script, text)
        return run

    def note(self, id: str, script: str, text: str) -> None:  # noqa: A002
        """Add an observation for the instructor, once."""
        found = Note(id, script, text)
        if found not in self.notes:
            self.notes.append(found)

    def expect_readable(self, section: RubricSection) -> None:
        """Raises StudentFault if the script is missing, unparsable, or has a forbidden import."""
        script = section.script
        if not script:
            return
        if script not in self.submission.scripts:
            problems = [
                self.submission.problems.get(f"{script}{end}", "") for end in (".py", ".ipynb")
            ]
            problem = next((problem for problem in problems if problem), "is missing")
            if problem == "is missing":
                problem += ", so this section cannot be marked"
            raise StudentFault(f"{script}.py {problem}", kind="not-written")
        if script in self.submission.faults:
            raise StudentFault(self.submission.faults[script], kind="syntax-error")
        self.students[script].expect_readable()

    def not_importable(self) -> list[str]:
        """The scripts that are there but cannot be read or imported.

        Each is tried in a process that ends at once: one submission never holds two scripts.
        """
        found = []
        for script in self.submission.scripts.keys() | self.submission.faults.keys():
            student = self.students[script]
            seconds = 2 * self.rubric.limits.import_seconds  # it is read, then imported
            if script not in self.submission.faults:
                with (
                    self.clock.step(seconds, "reading and importing a script", apart=True),
                    contextlib.suppress(StudentFault),
                ):
                    student.expect_imported()
                student.close()
            if script in self.submission.faults or not student.loads:
                found.append(script)
            else:
                student.was_starved = False  # it took long, and was there in the end
        return sorted(found)

    def can_be_asked(self, section: RubricSection) -> bool:
        """Whether a section's script exists, may be run, and has not failed to import."""
        try:
            self.expect_readable(section)
        except StudentFault:
            return False
        return bool(section.script) and self.students[section.script].loads
