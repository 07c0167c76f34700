"""One submission being marked: its scripts' workers, its training runs, and the outcome of each section."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grader import sandbox
from grader.errors import StudentFault
from grader.imports import check_imports
from grader.results import Report, SectionResult, Status
from grader.rubric import SCRIPTS, Rubric, Section
from grader.student import Student
from grader.submission import Submission
from grader.training import Run, train
from utils import Wrong

REFERENCE = Path(__file__).resolve().parent / "reference"
SUBSTITUTABLE = ("1.2", "1.3", "1.5")  # the sections whose right answers the worker holds


@dataclass(frozen=True)
class Options:
    """How to mark. `seed` draws the hidden inputs and starts the training; `device` is resolved, never "auto"."""

    seed: int
    device: str = "cpu"
    only: tuple[str, ...] = ()
    skip_training: bool = False
    train_size: int | None = None
    data_dir: Path | None = None


@dataclass
class Marking:
    """Marks sections one by one; `report` has what came of them."""

    submission: Submission
    rubric: Rubric
    options: Options
    results: dict[str, SectionResult] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        files = {f"{name}.py": source for name, source in self.submission.scripts.items()}
        self.students = {
            script: Student(script, files, self.rubric.limits, device=self.options.device) for script in SCRIPTS
        }
        self.chosen = self.rubric.select(list(self.options.only), self.options.skip_training)

    def to_run(self) -> list[Section]:
        """The sections to be reported and those that they need to be marked fairly, in the rubric's order."""
        numbers = {section.number for section in self.chosen}
        for section in reversed(self.rubric.sections):  # needs come earlier, so one pass backwards finds all
            if section.number in numbers:
                numbers.update(section.needs)
        return [section for section in self.rubric.sections if section.number in numbers]

    def rng(self, section: Section) -> np.random.Generator:
        """The generator of a section's hidden inputs: the same for the same seed, whatever else is marked."""
        return np.random.default_rng([self.options.seed, zlib.crc32(section.number.encode())])

    def mark(self, section: Section, check: Callable[[], None]) -> SectionResult:
        """Run a section's check, with right earlier parts in place of failed ones if it fails with the student's own."""
        started = time.perf_counter()
        status, feedback, diagnosis = self._outcome(section, check)
        failed = tuple(
            number for number in section.needs
            if number in SUBSTITUTABLE and self.results[number].status is Status.FAILED
        )  # fmt: skip
        if status is Status.FAILED and failed and self._is_readable(section) and self.students[section.script].loads:
            with self.students[section.script].with_substitutes(failed):
                status, feedback, diagnosis = self._outcome(section, check)
            names = " and ".join(f"{number} ({self.rubric.by_number[number].title})" for number in failed)
            feedback += f"\nMarked with the reference in place of your {names}, which failed above."
        result = SectionResult(
            number=section.number,
            title=section.title,
            status=status,
            points=0 if status is Status.FAILED else section.points,
            max_points=section.points,
            seconds=round(time.perf_counter() - started, 3),
            feedback=feedback,
            diagnosis=tuple(diagnosis),
            script=section.script,
        )
        self.results[section.number] = result
        return result

    def _outcome(self, section: Section, check: Callable[[], None]) -> tuple[Status, str, tuple[str, ...]]:
        try:
            self._expect_readable(section)
            check()
        except Wrong as wrong:
            return Status.FAILED, str(wrong), (wrong.kind,) if wrong.kind else ()
        except StudentFault as fault:
            return Status.FAILED, fault.feedback, fault.diagnosis
        except Exception as error:
            return self._blame(section, check, error)
        return Status.PASSED, self._praise(section), ()

    def _blame(
        self, section: Section, check: Callable[[], None], error: Exception
    ) -> tuple[Status, str, tuple[str, ...]]:
        """Whose fault an exception of the check itself is: the same check on the reference tells.

        If the check comes to a verdict there, it was the student's answer that made it stumble, and the answer is wrong:
        the points of a "grader error" must not be worth making.
        """
        if section.script and self._can_judge_reference(section, check):
            feedback = f"the answer is of a kind that cannot be marked ({type(error).__name__}), expected what the stub describes."
            return Status.FAILED, feedback, ("wrong-type",)
        return Status.ERROR, f"grader error, not your code: {type(error).__name__}: {error}", ()

    def _can_judge_reference(self, section: Section, check: Callable[[], None]) -> bool:
        scripts = {f"{script}.py": (REFERENCE / f"{script}.py").read_bytes() for script in SCRIPTS}
        kept = self.runs.pop(section.script, None)
        try:
            with self.students[section.script].replaced_by(scripts):
                check()
        except (Wrong, StudentFault):  # a verdict: after a training on few images, say
            return True
        except Exception:
            return False
        finally:
            self.runs.pop(section.script, None)
            if kept is not None:
                self.runs[section.script] = kept
        return True

    def _praise(self, section: Section) -> str:
        if section.training and section.script in self.runs:
            run = self.runs[section.script]
            return f"test accuracy {run.accuracy:.2%}, bar {section.bar:.0%}; trained in {run.seconds:.1f} s"
        return "right"

    def _is_readable(self, section: Section) -> bool:
        try:
            self._expect_readable(section)
        except StudentFault:
            return False
        return True

    def _expect_readable(self, section: Section) -> None:
        """Raises StudentFault where a section's script is missing, does not parse, or imports what it may not."""
        if not section.script:
            return
        name = f"{section.script}.py"
        if section.script not in self.submission.scripts:
            problems = [self.submission.problems.get(file, "") for file in (name, f"{section.script}.ipynb")]
            problem = next((p for p in problems if p), "is missing")
            raise StudentFault(f"{name} {problem}, so this section cannot be marked.", ["not-written"])
        check_imports(section.script, self.submission.scripts[section.script], self.rubric)

    def run_of(self, script: str) -> Run:
        """Train a script, once for all sections that ask."""
        if script not in self.runs:
            limits, options = self.rubric.limits, self.options
            self.runs[script] = train(
                self.students[script],
                script,
                seconds=limits.train_seconds[script],
                seed=options.seed % 2**31,
                device=options.device,
                data_dir=options.data_dir,
                train_size=options.train_size,
            )
        return self.runs[script]

    def report(self) -> Report:
        """What came of the sections that were asked for."""
        chosen = [section for section in self.chosen if section.number in self.results]
        return Report(
            sections=tuple(self.results[section.number] for section in chosen),
            accuracy={script: run.accuracy for script, run in self.runs.items()},
            bars={section.script: section.bar for section in self.rubric.sections if section.bar is not None},
            seconds=round(time.perf_counter() - self.started, 3),
            seed=self.options.seed,
            device=self.options.device,
            sandbox=sandbox.LEVEL,
            submission=self.submission.name,
        )

    def close(self) -> None:
        """End every worker."""
        for student in self.students.values():
            student.close()
