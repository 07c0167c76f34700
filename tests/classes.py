"""Classes without a marking: gradebooks filled with whatever results a test needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from grader.classroom.gradebook import Gradebook, Provenance
from grader.classroom.keys import rubric_hash
from grader.classroom.people import Student
from grader.classroom.reports.assignment import Assignment
from grader.classroom.reports.build import build
from grader.results import (
    ComparedArray,
    Mistake,
    Note,
    Report,
    SectionResult,
    Status,
    Training,
    Verdict,
)
from grader.rubric import RUBRIC_FILE, load_rubric
from grader.submission.reading import Submission
from grader.training.fitted_network import FLOAT16, FittedNetwork

RUBRIC = load_rubric()
WHOLE = Assignment(RUBRIC.title, RUBRIC.sections, RUBRIC.bars)
WRONG = Verdict(
    Status.FAILED,
    got="relu(z)[0, 3] is 0.24",
    expected="0",
    where="z[0, 3] is -0.24",
    hints=("negative elements become 0.", "Your relu does this."),
)
# as old gradebooks hold them, part of a large array, and a small one with its values
COMPARED = {
    "1.2": (
        ComparedArray("relu(z)", ((True, False),), (1, 2), (0, 0), (("0.24", "1"),), (("0", "1"),)),
        ComparedArray("relu(z)", ((True,) * 12,) * 12, (64, 32), (52, 20)),
    ),
    "1.6": (ComparedArray("W1", ((True, False), (False, False))),),
}
PROVENANCE = Provenance(rubric_hash(RUBRIC), "grader", "environment", "{}")
HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{7*7}}{% x %}\u202e\u2066\x00\x1b[2J'
)
LONE = "\ud800"


def result(
    number: str,
    status: Status = Status.PASSED,
    verdict: str | Verdict = "right",
    diagnosis: tuple[str, ...] = (),
    **fields: Any,
) -> SectionResult:
    """A section's result with the rubric's title and points; `verdict` may also be its `got`."""
    section = RUBRIC.by_number[number]
    if isinstance(verdict, str):
        credit = 0.0 if status is Status.FAILED else 1.0
        words = {"exception" if status is Status.ERROR else "got": verdict}
        verdict = Verdict(status, credit, misconceptions=diagnosis, **words)
    elif diagnosis:
        verdict = replace(verdict, misconceptions=diagnosis)
    return SectionResult(
        number=number,
        title=section.title,
        max_points=section.points,
        verdict=verdict,
        **({"seconds": 0.5, "script": section.script} | fields),
    )


def training(epochs: int = 3, **curves: tuple[float, ...]) -> Training:
    """A training that went well, but for some images."""
    line = {
        name: tuple(1 / (1 + epoch) for epoch in range(epochs))
        for name in ("train_losses", "val_losses")
    }
    line |= {
        name: tuple(0.9 - 0.2 / (1 + e) for e in range(epochs))
        for name in ("train_accuracies", "val_accuracies")
    }
    confusion = tuple(
        tuple(900 if i == j else 100 * (j == (i + 1) % 10) for j in range(10)) for i in range(10)
    )
    return Training(line | curves, confusion, (Mistake(3, 6, 0, 0.987), Mistake(9999, 4, 2, 0.9)))


def network(units: int = 8, agreement: float = 0.9991) -> FittedNetwork:
    """A network that nobody trained: its weights are random, and small."""
    count = 784 * units + units + units * 10 + 10
    weights = np.random.default_rng(units).normal(0, 0.1, count)
    return FittedNetwork(units, agreement, weights.astype(FLOAT16).tobytes())


@dataclass
class Pupil:
    """A student and the results: `lost` are failed sections, `missing` sections not marked."""

    id: str
    name: str = ""
    lost: dict[str, str | Verdict] = field(default_factory=dict)
    diagnosis: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problem: str = ""
    accuracy: float | None = None
    plots: dict[str, bytes] = field(default_factory=dict)
    scripts: dict[str, bytes] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    notes: dict[str, tuple[Note, ...]] = field(default_factory=dict)
    network: FittedNetwork | None = None  # with an `accuracy`

    def sections(self) -> tuple[SectionResult, ...]:
        """The results that there are."""
        return tuple(
            result(
                n,
                self._status(n),
                self.lost.get(n, "right"),
                diagnosis=self.diagnosis if n in self.lost else (),
                notes=self.notes.get(n, ()),
                comparisons=COMPARED.get(n, ()) if n in self.lost else (),
            )
            for n in RUBRIC.by_number
            if n not in self.missing
        )

    def _status(self, number: str) -> Status:
        return (
            Status.ERROR
            if number in self.errors
            else Status.FAILED
            if number in self.lost
            else Status.PASSED
        )

    def report(self) -> Report:
        """The marking's outcome."""
        trained = (
            {}
            if self.accuracy is None
            else {"numpy_ann": self.accuracy, "pytorch_ann": self.accuracy}
        )
        trainings = {script: training() for script in trained}
        return Report(
            self.sections(),
            trained,
            RUBRIC.bars,
            12.5,
            7,
            "cpu",
            "bubblewrap",
            self.id,
            "",
            trainings,
        )


def write_class(path: Path, pupils: list[Pupil]) -> Path:
    """A gradebook with these students."""
    digest = rubric_hash(RUBRIC)
    with Gradebook(path, create=not path.exists()) as gradebook:
        gradebook.keep_rubric(digest, RUBRIC_FILE.read_text(encoding="utf-8"))
        gradebook.set_meta(rubric=digest, sections=list(RUBRIC.by_number))
        for pupil in pupils:
            work = f"work of {pupil.id}"
            submission = (
                None if pupil.problem else Submission(pupil.id, pupil.scripts, pupil.plots, {})
            )
            gradebook.hand_in(
                [Student(pupil.id, pupil.name or pupil.id)], work, submission, pupil.problem
            )
            if not pupil.problem and len(pupil.missing) < len(RUBRIC.sections):
                keys = {number: f"{pupil.id} {number}" for number in RUBRIC.by_number}
                networks = {"numpy_ann": pupil.network} if pupil.network else {}
                gradebook.record(work, pupil.report(), keys, {}, PROVENANCE, networks=networks)
    return path


def write_report(folder: Path, pupils: list[Pupil]) -> Path:
    """The report's folder of a class of these students."""
    folder.mkdir(parents=True, exist_ok=True)
    with Gradebook(write_class(folder / "grades.db", pupils)) as gradebook:
        build(gradebook, folder / "report")
    return folder / "report"


def page_of(report: Path, start: str) -> str:
    """The source of the page of the student whose file's name starts so."""
    (path,) = (report / "students").glob(f"{start}-*.html")
    return path.read_text(encoding="utf-8")
