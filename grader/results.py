"""What came of a marking, as frozen records that travel: to the terminal, to JSON and back."""

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
class Frame:
    """A line of the student's own code on the way to an exception."""

    file: str
    line: int
    function: str  # "" for code outside of any
    source: str

    def __str__(self) -> str:
        inside = f", in {self.function}" if self.function else ""
        return f"{self.file}, line {self.line}{inside}: {self.source}"


@dataclass(frozen=True)
class Smallest:
    """The smallest input tried that an answer is wrong for: an "input", or the "size" of a network and its batch.

    `before` is the input tried before it, which the answer is right for. If `leaks`, the input is right too in the
    first call of a process, and wrong after that one.
    """

    kind: str
    tried: str
    got: str
    expected: str = ""
    before: str = ""
    leaks: bool = False


@dataclass(frozen=True)
class Verdict:
    """What a section came to: built where a check fails, read where it is shown, never taken apart.

    `credit` is the share of the points, 0 to 1. `got`, `expected` and `where` are clauses of one sentence about the
    first difference. `hints` is a ladder: where to look, why it is wrong, almost the answer. `exception` and `printed` are
    the student's own words. `misconceptions` are ids of the catalogue.
    """

    status: Status
    credit: float = 0.0
    got: str = ""
    expected: str = ""
    where: str = ""
    hints: tuple[str, ...] = ()
    trace: tuple[Frame, ...] = ()
    exception: str = ""
    misconceptions: tuple[str, ...] = ()
    smallest: Smallest | None = None
    notes: tuple[str, ...] = ()
    printed: str = ""


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
    """One section, marked. `max_points` as in the rubric, `seconds` of wall time."""

    number: str
    title: str
    max_points: float
    seconds: float
    verdict: Verdict
    script: str = ""
    comparisons: tuple[Comparison, ...] = ()

    @property
    def status(self) -> Status:
        """That of the verdict."""
        return self.verdict.status

    @property
    def points(self) -> float:
        """The points earned."""
        return self.verdict.credit * self.max_points

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """The ids of the misconceptions recognised."""
        return self.verdict.misconceptions


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
    """The section whose fields came out of JSON; they are used up.

    Before verdicts were records a section had one text of feedback, which is now one note.
    """
    comparisons = tuple(
        Comparison(entry["name"], tuple(map(tuple, entry["wrong"])))
        for entry in fields.pop("comparisons")
    )
    if "verdict" in fields:
        verdict = _verdict_from(fields.pop("verdict"))
    else:
        status = Status(fields.pop("status"))
        verdict = Verdict(
            status,
            credit=0.0 if status is Status.FAILED else 1.0,
            misconceptions=tuple(fields.pop("diagnosis")),
            notes=(fields.pop("feedback"),),
        )
        del fields["points"]
    return SectionResult(verdict=verdict, comparisons=comparisons, **fields)


def _verdict_from(fields: dict[str, Any]) -> Verdict:
    smallest = fields.pop("smallest")
    lists: dict[str, Any] = {
        name: tuple(fields.pop(name)) for name in ("hints", "misconceptions", "notes")
    }
    return Verdict(
        status=Status(fields.pop("status")),
        trace=tuple(Frame(**frame) for frame in fields.pop("trace")),
        smallest=None if smallest is None else Smallest(**smallest),
        **lists,
        **fields,
    )


def training_from(fields: dict[str, Any]) -> Training:
    """The training whose fields came out of JSON."""
    curves = {name: tuple(values) for name, values in fields["curves"].items()}
    return Training(
        curves,
        tuple(map(tuple, fields["confusion"])),
        tuple(Mistake(**entry) for entry in fields["mistakes"]),
    )
