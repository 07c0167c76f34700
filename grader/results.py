"""The outcome of a marking as frozen records that travel: to the terminal, to JSON and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became of a section."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "grader error"  # the grader's own fault: costs no point


@dataclass(frozen=True)
class Comparison:
    """An array of an answer beside the right one: which entries are wrong, row by row."""

    name: str
    wrong: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class Mistake:
    """A test image by its number in the official order, its class, the one a network took it for, and how sure that was."""

    image: int
    truth: int
    taken_for: int
    confidence: float


@dataclass(frozen=True)
class Training:
    """What a training of the marking showed.

    `curves` has the four lists of History, or nothing; `confusion[t][p]` counts the test images of class t taken for p.
    """

    curves: dict[str, tuple[float, ...]]
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...]  # the surest first


@dataclass(frozen=True)
class SectionResult:
    """One section, marked. `points` and `max_points` as in the rubric, `seconds` of wall time."""

    number: str
    title: str
    status: Status
    points: float
    max_points: float
    seconds: float
    feedback: str
    diagnosis: tuple[str, ...] = ()
    script: str = ""
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True)
class Report:
    """A whole marking. `accuracy`, `bars` and `trainings` go by script: measured test accuracy, what it had to reach, the rest."""

    sections: tuple[SectionResult, ...]
    accuracy: dict[str, float]
    bars: dict[str, float]
    seconds: float
    seed: int
    device: str
    sandbox: str
    submission: str
    problem: str = ""  # why nothing was marked, where that is so
    trainings: dict[str, Training] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The points earned; a grader error earns its section's points."""
        return sum(section.points for section in self.sections)

    @property
    def max_score(self) -> float:
        """The points that could be earned in the sections that were marked."""
        return sum(section.max_points for section in self.sections)

    @property
    def exit_status(self) -> int:
        """0: full marks; 1: marks lost; 2: something could not be graded."""
        if self.problem or any(section.status is Status.ERROR for section in self.sections):
            return 2
        return 0 if all(section.status is Status.PASSED for section in self.sections) else 1

    def to_json(self) -> str:
        """The report as JSON that `from_json` reads back."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `to_json` wrote. Raises ValueError, KeyError or TypeError on anything else."""
        fields: dict[str, Any] = json.loads(text)
        sections = tuple(section_from(section) for section in fields.pop("sections"))
        trainings = {
            script: training_from(training) for script, training in fields.pop("trainings").items()
        }
        return cls(sections=sections, trainings=trainings, **fields)


def section_from(fields: dict[str, Any]) -> SectionResult:
    """The section whose fields came out of JSON; they are used up."""
    comparisons = tuple(
        Comparison(entry["name"], tuple(map(tuple, entry["wrong"])))
        for entry in fields.pop("comparisons")
    )
    status, diagnosis = Status(fields.pop("status")), tuple(fields.pop("diagnosis"))
    return SectionResult(status=status, diagnosis=diagnosis, comparisons=comparisons, **fields)


def training_from(fields: dict[str, Any]) -> Training:
    """The training whose fields came out of JSON."""
    curves = {name: tuple(values) for name, values in fields["curves"].items()}
    return Training(
        curves,
        tuple(map(tuple, fields["confusion"])),
        tuple(Mistake(**entry) for entry in fields["mistakes"]),
    )
