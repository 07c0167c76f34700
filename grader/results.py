"""The outcome of a marking as frozen records that travel: to the terminal, to JSON and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became of a section."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "grader error"  # the grader's own fault: costs no point


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


@dataclass(frozen=True)
class Report:
    """A whole marking. `accuracy` holds the measured test accuracies by script, `bars` what they had to reach."""

    sections: tuple[SectionResult, ...]
    accuracy: dict[str, float]
    bars: dict[str, float]
    seconds: float
    seed: int
    device: str
    sandbox: str
    submission: str
    problem: str = ""  # why nothing was marked, where that is so

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
        sections = tuple(
            SectionResult(**{**section, "status": Status(section["status"]), "diagnosis": tuple(section["diagnosis"])})
            for section in fields.pop("sections")
        )
        return cls(sections=sections, **fields)
