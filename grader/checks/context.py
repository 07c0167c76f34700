"""What a check may ask: the submission, the script in its worker, hidden inputs, the training."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from grader.errors import StudentFault
from grader.options import Options
from grader.rubric import Rubric, RubricSection
from grader.sandbox.remote import Module, Student
from grader.submission.reading import Submission
from grader.training.run import Run


class Trainings(Protocol):
    """The trainings of a marking, one a script."""

    def of(self, student: Student) -> Run:
        """That of a script, trained when it is first asked for. Raises CheckFailed where it comes to nothing."""

    def includes(self, script: str) -> bool:
        """Whether this marking trains a script."""


@dataclass(frozen=True)
class Context:
    """Everything that a section is judged by, beside its entry in the rubric."""

    submission: Submission
    rubric: Rubric
    options: Options
    students: Mapping[str, Student]
    trainings: Trainings
    explains: bool = True  # whether a wrong answer is asked again, to name the mistake

    def student(self, section: RubricSection) -> Student:
        """The script that a section is about."""
        return self.students[section.script]

    def module(self, section: RubricSection) -> Module:
        """The same as something that answers to the script's own names, such as `module.relu(z)`."""
        return self.students[section.script].module

    def rng(self, section: RubricSection) -> np.random.Generator:
        """Draws a section's hidden inputs: the same for the same seed, whatever else is marked."""
        return np.random.default_rng([self.options.seed, zlib.crc32(section.number.encode())])

    def run(self, section: RubricSection) -> Run:
        """The training of a section's script. Raises CheckFailed where it comes to nothing."""
        return self.trainings.of(self.students[section.script])

    def expect_readable(self, section: RubricSection) -> None:
        """Raises StudentFault where a section's script is missing, does not parse, or imports what it may not."""
        script = section.script
        if not script:
            return
        if script not in self.submission.scripts:
            problems = [
                self.submission.problems.get(f"{script}{end}", "") for end in (".py", ".ipynb")
            ]
            problem = next((problem for problem in problems if problem), "is missing")
            raise StudentFault(
                f"{script}.py {problem}, so this section cannot be marked", kind="not-written"
            )
        self.students[script].expect_readable()

    def can_be_asked(self, section: RubricSection) -> bool:
        """Whether a section's script is there, may be run, and could be imported as far as that was tried."""
        try:
            self.expect_readable(section)
        except StudentFault:
            return False
        return bool(section.script) and self.students[section.script].loads
