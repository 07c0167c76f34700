"""What a check may use: the submission, the script in its worker, hidden inputs, the training."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from assignment.expect import CheckFailed
from assignment.handles import Module
from grader.errors import StudentFault
from grader.options import Options
from grader.results import Note
from grader.rubric import Rubric
from grader.rules import RubricSection
from grader.sandbox.budget import Clock
from grader.sandbox.importable import not_importable
from grader.sandbox.remote import StudentScript
from grader.submission.reading import Submission
from grader.training.run import TrainingOutcome

REPEAT_FAILED = "repeat-failed"  # the note on a training that failed after the first


class TrainingProvider(Protocol):
    """The trainings of a marking, one per script."""

    def of(self, student: StudentScript) -> TrainingOutcome:
        """The training of a script, run on the first request. Raises CheckFailed if it failed."""

    def includes(self, script: str) -> bool:
        """Whether this marking trains a script."""

    def runs(self, student: StudentScript) -> tuple[TrainingOutcome, ...]:
        """All trainings of a script that ended well, the first one first."""

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
    # by section: what was read from the script and compared with what its training showed
    answers: dict[str, str] = field(default_factory=dict)

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
        student = self.students[section.script]
        try:
            run = self.trainings.of(student)
        except CheckFailed:
            self._note_repeat(section, self.trainings.runs(student))
            raise
        if section.training:  # several sections ask for the training
            for id, text in run.notes:  # noqa: A001
                self.note(id, section.script, text)
        return run

    def _note_repeat(self, section: RubricSection, before: Sequence[TrainingOutcome]) -> None:
        """Note that a training failed which only a result close to the bar had asked for."""
        if section.training and before:
            reached = ", ".join(f"{run.accuracy:.2%}" for run in before)
            text = f"{reached} was reached, close to the bar, and the training after that failed"
            self.note(REPEAT_FAILED, section.script, text)

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
        self.submission.expect_script(script)
        self.students[script].expect_readable()

    def not_importable(self) -> list[str]:
        """The scripts that are there but cannot be read or imported."""
        seconds = self.rubric.limits.import_seconds
        return not_importable(self.submission, self.students, self.clock, seconds)

    def can_be_asked(self, section: RubricSection) -> bool:
        """Whether a section's script exists, may be run, and has not failed to import."""
        try:
            self.expect_readable(section)
        except StudentFault:
            return False
        return bool(section.script) and self.students[section.script].loads
