"""One submission being marked: its scripts' workers, its training runs, and the outcome of each section."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from grader import REFERENCE
from grader.errors import StudentFault, TimedOut, WorkerCrashed
from grader.feedback.diagnosis import GENERAL, diagnose
from grader.feedback.misconceptions import CATALOGUE
from grader.feedback.shrinking import smallest_failure
from grader.feedback.wrong_entries import compare_gradients
from grader.options import Options
from grader.results import Comparison, Report, SectionResult, Status
from grader.rubric import SCRIPTS, Rubric, Section
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import Sandbox, choose
from grader.sandbox.remote import Student
from grader.submission.reading import Submission
from grader.training.run import Run, describe_accuracy, train
from utils import PARTS, CheckFailed

MAX_PRINTED = 1000  # characters of what a script prints, in its feedback
SHRINKABLE = ("1.2", "1.3", "1.4", "1.5", "1.6")
SUBSTITUTABLE = (
    "1.2",
    "1.3",
    "1.5",
    "2.1",
    "2.2",
    "3.1",
    "3.2",
)  # the sections whose right answers the worker holds


@dataclass
class Marking:
    """Marks sections one by one; `report` has what came of them."""

    submission: Submission
    rubric: Rubric
    options: Options
    results: dict[str, SectionResult] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    faults: dict[str, StudentFault | CheckFailed] = field(
        default_factory=dict
    )  # of trainings that came to nothing
    _is_answer: bool = (
        True  # whether the check got answers: what hangs or dies is not asked again to see why
    )
    remarks: list[str] = field(
        default_factory=list
    )  # of the section being marked, on a right answer
    shown: dict[str, str] = field(
        default_factory=dict
    )  # what each script printed, as far as its feedback has it
    trained_in: dict[str, float] = field(
        default_factory=dict
    )  # seconds of wall time, retries included
    started: float = field(default_factory=time.perf_counter)
    explains: bool = True  # whether a wrong answer is asked again, to name the mistake

    def __post_init__(self) -> None:
        self.sandbox: Sandbox = choose(self.options.sandbox)
        files = {f"{name}.py": source for name, source in self.submission.scripts.items()}
        self.chosen = self.rubric.select(list(self.options.only), self.options.skip_training)
        self._servers: dict[
            tuple[str, ...], ForkServer
        ] = {}  # of the scripts that may import the same packages
        for script in SCRIPTS:
            packages = self.rubric.packages(script)
            if packages not in self._servers:
                self._servers[packages] = ForkServer(
                    files,
                    self.rubric.limits,
                    self.sandbox,
                    packages=packages,
                    device=self.options.device,
                    threads=None
                    if "torch" in packages
                    else 1,  # NumPy's products are too small here for a second one
                )
        self.students = {
            script: Student(script, self._servers[self.rubric.packages(script)], self.rubric)
            for script in SCRIPTS
        }

    def begin(self) -> None:
        """Start what workers will be forked from, which takes a while to import torch: the sooner the better."""
        with contextlib.suppress(
            OSError
        ):  # it is tried again, and told, in the sections that need a worker
            for script in {
                section.script for section in self.to_run()
            } & self.submission.scripts.keys():
                self._servers[self.rubric.packages(script)].begin()

    def to_run(self) -> list[Section]:
        """The sections to be reported and those that they need to be marked fairly, in the rubric's order."""
        numbers = {section.number for section in self.chosen}
        for section in reversed(
            self.rubric.sections
        ):  # needs come earlier, so one pass backwards finds all
            if section.number in numbers:
                numbers.update(section.needs)
        return [section for section in self.rubric.sections if section.number in numbers]

    def rng(self, section: Section) -> np.random.Generator:
        """The generator of a section's hidden inputs: the same for the same seed, whatever else is marked."""
        return np.random.default_rng([self.options.seed, zlib.crc32(section.number.encode())])

    def mark(self, section: Section, check: Callable[[], None]) -> SectionResult:
        """Run a section's check, with right earlier parts in place of failed ones if it fails with the student's own."""
        started, trained_before = time.perf_counter(), section.script in self.trained_in
        status, feedback, diagnosis = self._outcome(section, check)
        failed = tuple(
            number
            for number in section.needs
            if number in SUBSTITUTABLE and self.results[number].status is Status.FAILED
        )
        if status is Status.FAILED and not failed:
            feedback, diagnosis = self._explained(section, feedback, diagnosis)
        elif (
            status is Status.FAILED
            and self._is_readable(section)
            and self.students[section.script].loads
        ):
            with self.students[section.script].with_substitutes(failed):
                status, feedback, diagnosis = self._outcome(section, check)
                if status is Status.FAILED:
                    feedback, diagnosis = self._explained(section, feedback, diagnosis)
            names = " and ".join(
                f"{number} ({self.rubric.by_number[number].title})" for number in failed
            )
            feedback += f"\nMarked with the reference in place of your {names}, which failed above."
        feedback += (
            _advice(diagnosis)
            + self._circumstances(section, status)
            + (self._printed(section) if status is Status.FAILED else "")
        )
        comparisons = self._compared(section) if status is Status.FAILED else ()
        result = SectionResult(
            number=section.number,
            title=section.title,
            status=status,
            points=0 if status is Status.FAILED else section.points,
            max_points=section.points,
            seconds=round(self._seconds(section, started, trained_before), 3),
            feedback=feedback,
            diagnosis=tuple(diagnosis),
            script=section.script,
            comparisons=comparisons,
        )
        self.results[section.number] = result
        if (
            section.script
            and section == [other for other in self.to_run() if other.script == section.script][-1]
        ):
            self.students[section.script].close()  # a network and its data take a gigabyte
        return result

    def _circumstances(self, section: Section, status: Status) -> str:
        """What is to be known about a training: earlier parts that have failed, and fewer images than the bar is made for."""
        if not section.training:
            return ""
        before = [
            r.number
            for r in self.results.values()
            if r.script == section.script and r.status is Status.FAILED
        ]
        mend = status is Status.FAILED and before
        told = f"\nMend {', '.join(before)} first: training runs on your own code." if mend else ""
        size = self.options.train_size
        return told + (
            f"\nThis was a try with {size:,} training images; the bar is made for all of them."
            if size
            else ""
        )

    def _compared(self, section: Section) -> tuple[Comparison, ...]:
        """For wrong gradients, which entries are wrong."""
        if section.number != "1.6" or not self._is_answer or not self._is_readable(section):
            return ()
        student = self.students[section.script]
        return compare_gradients(student, self.rng(section)) if student.loads else ()

    def _printed(self, section: Section) -> str:
        """The student's own words, if there are any that were not shown before."""
        printed = (
            self.students[section.script].printed.strip()[-MAX_PRINTED:] if section.script else ""
        )
        if not printed or printed == self.shown.get(section.script):
            return ""
        self.shown[section.script] = printed
        return f"\nWhat the script printed, to its end:\n{printed}"

    def _seconds(self, section: Section, started: float, trained_before: bool) -> float:
        """Wall time of a section. A training is counted where the accuracy is marked, whichever section asked first."""
        elapsed, training = time.perf_counter() - started, self.trained_in.get(section.script, 0.0)
        if section.training == trained_before:
            return elapsed + training if section.training else elapsed - training
        return elapsed

    def _outcome(
        self, section: Section, check: Callable[[], None]
    ) -> tuple[Status, str, tuple[str, ...]]:
        self.remarks.clear()
        self._is_answer = True
        try:
            self._expect_readable(section)
            check()
        except CheckFailed as wrong:
            return Status.FAILED, str(wrong), (wrong.kind,) if wrong.kind else ()
        except StudentFault as fault:
            self._is_answer = not isinstance(fault, TimedOut | WorkerCrashed)
            return Status.FAILED, fault.feedback, fault.diagnosis
        except Exception as error:
            return self._blame(section, check, error)
        return Status.PASSED, "; ".join([self._praise(section), *self.remarks]), ()

    def remark(self, text: str) -> None:
        """Add a remark to the feedback of the section being marked, for the case that it passes."""
        self.remarks.append(text)

    def _explained(
        self, section: Section, feedback: str, diagnosis: tuple[str, ...]
    ) -> tuple[str, tuple[str, ...]]:
        """The feedback with what is known of the mistake: its name's advice, or else the smallest input that fails."""
        if not self._is_answer or not self.explains:
            return feedback, diagnosis
        diagnosis = self._diagnosed(section, feedback, diagnosis)
        named = [name for name in diagnosis if name not in GENERAL]
        readable = (
            section.script and self._is_readable(section) and self.students[section.script].loads
        )
        if readable and not named and section.number in SHRINKABLE:
            try:
                smallest = smallest_failure(
                    section.number, self.students[section.script], self.rng(section)
                )
            except Exception:  # an answer so odd that it cannot be tried on small inputs
                smallest = ""
            feedback += f"\n{smallest}" if smallest else ""
        return feedback, diagnosis

    def _diagnosed(
        self, section: Section, feedback: str, diagnosis: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The mistakes that a failing section shows, where the check itself found none in particular."""
        if (
            any(name not in GENERAL for name in diagnosis)
            or not section.script
            or not self.students[section.script].loads
        ):
            return diagnosis
        try:
            with np.errstate(all="ignore"):  # wrong formulas divide by 0 and overflow
                found = diagnose(
                    section.number, self.students[section.script], feedback, self.rng(section)
                )
        except (StudentFault, CheckFailed):
            return diagnosis
        if "changes-input" in diagnosis and not any(name.endswith("-in-place") for name in found):
            return diagnosis
        return found or diagnosis

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
        kept, kept_fault = (
            self.runs.pop(section.script, None),
            self.faults.pop(section.script, None),
        )
        try:
            with self.students[section.script].replaced_by(scripts):
                check()
        except (CheckFailed, StudentFault):  # a verdict: after a training on few images, say
            return True
        except Exception:
            return False
        finally:
            self.runs.pop(section.script, None)
            self.faults.pop(section.script, None)
            if kept is not None:
                self.runs[section.script] = kept
            if kept_fault is not None:
                self.faults[section.script] = kept_fault
        return True

    def _praise(self, section: Section) -> str:
        if section.training and section.script in self.runs:
            run = self.runs[section.script]
            return f"test accuracy {describe_accuracy(run)}, bar {section.bar:.0%}; trained in {run.seconds:.1f} s"
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
            problems = [
                self.submission.problems.get(file, "") for file in (name, f"{section.script}.ipynb")
            ]
            problem = next((p for p in problems if p), "is missing")
            raise StudentFault(
                f"{name} {problem}, so this section cannot be marked.", ["not-written"]
            )
        self.students[section.script].expect_readable()

    def run_of(self, script: str) -> Run:
        """Train a script, once for all sections that ask; near its bar, again with other seeds, and the median counts."""
        if script in self.faults:
            raise self.faults[script]
        if script not in self.runs:
            started = time.perf_counter()
            try:
                self.runs[script] = self._median_run(script)
            except (StudentFault, CheckFailed) as fault:
                self.faults[script] = fault
                raise
            finally:
                self.trained_in[script] = time.perf_counter() - started
        return self.runs[script]

    def _median_run(self, script: str) -> Run:
        rules, bar = self.rubric.training, self.rubric.bars[script]
        runs = [self._one_run(script, 0)]
        while len(runs) < rules.runs and abs(runs[0].accuracy - bar) < rules.margin:
            runs.append(self._one_run(script, len(runs)))
        ranked = sorted(runs, key=lambda run: run.accuracy)
        median = ranked[(len(ranked) - 1) // 2] if len(ranked) % 2 else ranked[len(ranked) // 2]
        audited = (
            self._one_run(script, len(runs), shuffle_pixels=True).accuracy
            if self._is_audited(script, median)
            else None
        )
        return replace(median, accuracies=tuple(run.accuracy for run in runs), audited=audited)

    def _is_audited(self, script: str, run: Run) -> bool:
        """Whether a network is trained once more with permuted pixels: one that cannot notice, and has met its bar."""
        return (
            self.options.audit
            and PARTS[script].image_shape == (784,)
            and run.accuracy >= self.rubric.bars[script]
        )

    def _one_run(self, script: str, number: int, *, shuffle_pixels: bool = False) -> Run:
        options = self.options
        return train(
            self.students[script],
            script,
            seconds=self.rubric.limits.train_seconds[script],
            seed=options.seed
            + 7919 * number,  # 7919: seeds of a class are often 1, 2, 3, and must not meet
            device=options.device,
            data_dir=options.data_dir,
            train_size=options.train_size,
            shuffle_pixels=shuffle_pixels,
        )

    def trains(self, script: str) -> bool:
        """Whether a script is trained in this marking."""
        return any(section.training and section.script == script for section in self.to_run())

    def report(self) -> Report:
        """What came of the sections that were asked for."""
        chosen = [section for section in self.chosen if section.number in self.results]
        return Report(
            sections=tuple(self.results[section.number] for section in chosen),
            accuracy={script: run.accuracy for script, run in self.runs.items()},
            bars=self.rubric.bars,
            seconds=round(time.perf_counter() - self.started, 3),
            seed=self.options.seed,
            device=self.options.device,
            sandbox=self.sandbox.level,
            submission=self.submission.name,
            trainings={
                script: run.shown for script, run in self.runs.items() if run.shown is not None
            },
        )

    def close(self) -> None:
        """End every worker, and what they were forked from."""
        for student in self.students.values():
            student.close()
        for server in self._servers.values():
            server.close()


def _advice(diagnosis: tuple[str, ...]) -> str:
    """What the catalogue has to say about the mistakes recognised; the general kinds say enough in the message."""
    texts = [
        CATALOGUE[name].advice for name in diagnosis if name in CATALOGUE and name not in GENERAL
    ]
    return "".join(f"\n{text}" for text in texts if not text.startswith("This section is still"))
