"""Marks a submission by the public checks, behind the grader's sandbox, without the reference.

A section is asked on the student's own code alone: there is no right answer here to put in place of
an earlier section that failed. What the checks ask is what `--check` asks, and in parts 2 and 3 on
other random images each time.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from assignment.checks.numpy import backward, forward, functions, speed
from assignment.checks.numpy.cases import public_cases
from assignment.failure import CheckFailed
from assignment.files import write_atomically
from assignment.handles import Module
from grader.errors import CannotGrade, StudentFault, SubmissionError, TimedOut, WorkerCrashed
from grader.publish.classroom50.result import BLAMELESS, Section
from grader.report.text import feedback, one_line
from grader.results import SectionResult, Status, Verdict
from grader.rubric import Rubric, load_rubric
from grader.rules import RubricSection
from grader.sandbox.budget import Clock
from grader.sandbox.importable import not_importable
from grader.sandbox.levels import Sandbox, choose
from grader.sandbox.own_paths import shown
from grader.sandbox.servers import Servers
from grader.sections import SCRIPTS, resolve
from grader.submission.preparing import prepared
from grader.submission.reading import Submission, open_submission

Ask = Callable[[Module, np.random.Generator], str | None]
TOGETHER = "the calls of this section together"
MAX_FEEDBACK = 2000  # characters of a section; the platform's release shows all of them together


def _backward(module: Module, _: np.random.Generator) -> str:
    speed.expect_quick(module)
    return backward.check_backward(module, public_cases().backward)


def _torch(check: str, script: str) -> Ask:
    def ask(module: Module, rng: np.random.Generator) -> None:
        from assignment.checks import torch

        getattr(torch, check)(module, script, rng)

    return ask


_TORCH = ("check_layers", "check_forward", "check_training_step", "check_predict")
# what is asked of a script, by section; the others need the reference, or hidden data
ASKED: dict[str, Ask] = {
    "1.2": lambda module, _: functions.check_relu(module, public_cases().relu),
    "1.3": lambda module, _: functions.check_relu_derivative(
        module, public_cases().relu_derivative
    ),
    "1.4": lambda module, _: functions.check_cross_entropy(module, public_cases().cross_entropy),
    "1.5": lambda module, _: forward.check_forward(module, public_cases().forward),
    "1.6": _backward,
    **{
        f"{part}.{number}": _torch(check, script)
        for part, script in ((2, "pytorch_ann"), (3, "pytorch_cnn"))
        for number, check in enumerate(_TORCH, start=1)
    },
}
CHECKLIST = "0.1"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
NO_SANDBOX = f"this machine has no sandbox for student code, so none of it was run. {BLAMELESS}"


def marked_sections(rubric: Rubric) -> list[RubricSection]:
    """The sections that the public checks can mark."""
    return [section for section in rubric.sections if section.number in (CHECKLIST, *ASKED)]


class PublicMarking:
    """One submission, marked section by section."""

    def __init__(self, submission: Submission, rubric: Rubric, sandbox: Sandbox):
        self.rubric, self.sandbox = rubric, sandbox
        self.submission, self._remarks, _ = prepared(submission, rubric)
        self._clock = Clock(rubric.limits.submission_seconds)
        self._servers = Servers(self.submission, rubric, sandbox)
        self._students = {script: self._servers.student(script, self._clock) for script in SCRIPTS}
        self._failed: list[str] = []

    def mark_all(self, numbers: Sequence[str]) -> list[Section]:
        """These sections in order; the workers have ended then."""
        chosen = [s for s in marked_sections(self.rubric) if s.number in numbers]
        try:
            return [self._mark(section) for section in chosen]
        finally:
            for student in self._students.values():
                student.close()
            self._servers.close()

    def _mark(self, section: RubricSection) -> Section:
        verdict = shown(self._verdict(section))
        result = SectionResult(section.number, section.title, section.points, 0.0, verdict)
        passed = verdict.status is Status.PASSED
        if not passed:
            self._failed.append(section.number)
        text = feedback(result)[:MAX_FEEDBACK]
        return Section(section.number, section.title, int(section.points), passed, text)

    def _verdict(self, section: RubricSection) -> Verdict:
        try:
            with self._clock.step(self.rubric.limits.section_seconds, TOGETHER):
                remark = self._asked(section)
        except CheckFailed as failure:
            return self._failure(section, failure)
        except CannotGrade:  # nothing more can be marked
            raise
        except Exception as error:
            # Without the reference nobody can tell whose fault this is, and a script could bring
            # it about: no points.
            traceback.print_exc()
            got = f"the answer cannot be marked ({type(error).__name__})"
            return Verdict(Status.FAILED, got=got, expected="an answer as the stub describes it")
        return Verdict(Status.PASSED, credit=1.0, got=remark or "right")

    def _asked(self, section: RubricSection) -> str | None:
        if section.number == CHECKLIST:
            seconds = self.rubric.limits.import_seconds
            context = SimpleNamespace(
                submission=self.submission,
                not_importable=lambda: not_importable(
                    self.submission, self._students, self._clock, seconds
                ),
            )
            resolve(section.section.check)(section, context)
            return " ".join([*self.submission.notes, *self._remarks]) or None
        self.submission.expect_script(section.script)
        student = self._students[section.script]
        try:
            student.expect_readable()  # in a worker, which starts here
        except (RuntimeError, OSError) as error:
            print(error, file=sys.stderr)
            raise CannotGrade(f"{section.script}.py cannot be run on this machine") from None
        return ASKED[section.number](student.module, np.random.default_rng())

    def _failure(self, section: RubricSection, failure: CheckFailed) -> Verdict:
        fault = failure if isinstance(failure, StudentFault) else None
        needed = [number for number in section.needs if number in self._failed]
        notes = []
        if needed and not isinstance(failure, TimedOut | WorkerCrashed):
            notes.append(
                f"It builds on {', '.join(needed)}, which failed too; your instructors' marking "
                "judges it by itself."
            )
        return Verdict(
            Status.FAILED,
            notes=tuple(notes),
            got=failure.got,
            expected=failure.expected,
            where=failure.where,
            hints=failure.hints,
            trace=fault.trace if fault else (),
            exception=fault.exception if fault else "",
        )


def mark(folder: Path, numbers: Sequence[str]) -> dict[str, Any]:
    """What marking some sections of the submission in a folder came to, for autograder.py."""
    found: dict[str, Any] = {"sections": [], "problem": "", "sandbox": ""}
    try:
        sandbox = choose("auto")
    except CannotGrade as error:
        print(error, file=sys.stderr)  # what is missing, for the instructor
        return {**found, "problem": NO_SANDBOX}
    try:
        marking = PublicMarking(open_submission(folder), load_rubric(), sandbox)
        sections = marking.mark_all(numbers)
    except SubmissionError as error:
        return {**found, "problem": one_line(str(error))}
    except CannotGrade as error:
        return {**found, "problem": f"{one_line(str(error))}. {BLAMELESS}"}
    return {**found, "sections": [asdict(section) for section in sections],
            "sandbox": sandbox.words}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Mark a folder into a JSON file, for the process with a pid; returns 0.

    The arguments are the pid, the folder, the file, and the numbers of the sections.
    """
    parent, folder, out, *numbers = arguments
    _end_with(int(parent))
    write_atomically(Path(out), json.dumps(mark(Path(folder), numbers)).encode())
    return 0


def _end_with(parent: int) -> None:
    """Have the kernel end this process, and so the sandbox, if its parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it was, before this line
        sys.exit(1)
