"""The results of a marking: frozen records that are shown, written as JSON and read back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The outcome of a section."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "grader error"  # the grader's own fault: costs no points


@dataclass(frozen=True)
class Frame:
    """One frame of a traceback, in the student's own code."""

    file: str
    line: int
    function: str  # "" at module level
    source: str

    def __str__(self) -> str:
        inside = f", in {self.function}" if self.function else ""
        return f"{self.file}, line {self.line}{inside}: {self.source}"


@dataclass(frozen=True)
class Smallest:
    """The smallest input that was tried and fails.

    `kind` is "input", or "size" for the sizes of a network and its batch. `before` is the input
    tried just before it, which the student's code handles correctly. `leaks` means that a fresh
    process handles this input correctly too, and fails on it only after `before`.
    """

    kind: str
    tried: str
    got: str
    expected: str = ""
    before: str = ""
    leaks: bool = False


@dataclass(frozen=True)
class Verdict:
    """The verdict on a section, built where the check fails and read field by field afterwards.

    `credit` is the share of the points, 0 to 1. `got`, `expected` and `where` are clauses of one
    sentence about the first difference. `hints` is a ladder: where to look, why it is wrong, almost
    the answer. `exception` and `printed` are the output of student code. `misconceptions` are ids
    of the catalogue.
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
class ComparedArray:
    """One array of an answer, compared with the right one.

    `wrong[i][j]` says whether that entry is wrong. `shape` is that of the whole array, () if it is
    not known; the entries begin at row and column `origin` of it, all axes but the last counting as
    rows. `got` and `expected` are the values of small arrays, rounded.
    """

    name: str
    wrong: tuple[tuple[bool, ...], ...]
    shape: tuple[int, ...] = ()
    origin: tuple[int, int] = (0, 0)
    got: tuple[tuple[str, ...], ...] = ()
    expected: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Mistake:
    """A misclassified test image.

    `image` is its index in the official order, `truth` its class, `taken_for` the predicted class,
    and `confidence` the probability that the network gave to the prediction.
    """

    image: int
    truth: int
    taken_for: int
    confidence: float


@dataclass(frozen=True)
class Training:
    """Details of one training, for the report.

    `curves` holds the four lists of History, or nothing. `confusion[t][p]` counts the test images
    of class t that were predicted as class p.
    """

    curves: dict[str, tuple[float, ...]]
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...]  # most confident first


@dataclass(frozen=True)
class Note:
    """An observation for the instructor that changes no mark."""

    id: str
    script: str
    text: str


@dataclass(frozen=True)
class Decision:
    """What a person decided about a mark, which outweighs what was marked.

    `kind` is "points" or "excuse" for a `section`, "total" for the whole mark, or "comment" for a
    text alone. `points` belong to the first and the third. `reason` and `comment` are shown to the
    student, `who` is not. `at` is in UTC, as ISO 8601. `number` is that of the gradebook's log.
    """

    number: int
    kind: str
    section: str
    points: float | None
    reason: str
    comment: str
    who: str
    at: str


@dataclass(frozen=True)
class Lateness:
    """When a submission was handed in, compared with when it was due, and what that costs.

    `days` are those started after the due date, `free_days` those of them that cost nothing, and
    `penalty` is in points. `due` and `handed_in` are ISO 8601 or "", `source` says how the time is
    known, and `remark` what the numbers do not say.
    """

    days: int
    free_days: int
    penalty: float
    due: str
    handed_in: str
    source: str
    remark: str = ""


@dataclass(frozen=True)
class SectionResult:
    """The result of one section. `max_points` as in the rubric, `seconds` of wall time.

    `notes` are for the instructor: they are kept and shown with the section, but never to students.
    `answer` is what was read from the script and compared with its training, if the section does.
    """

    number: str
    title: str
    max_points: float
    seconds: float
    verdict: Verdict
    script: str = ""
    comparisons: tuple[ComparedArray, ...] = ()
    notes: tuple[Note, ...] = ()
    answer: str = ""
    decision: Decision | None = None

    @property
    def status(self) -> Status:
        """The status of the verdict."""
        return self.verdict.status

    @property
    def marked_points(self) -> float:
        """The points that the marking gave."""
        return self.verdict.credit * self.max_points

    @property
    def is_excused(self) -> bool:
        """Whether a person decided that the section does not count for this student."""
        return self.decision is not None and self.decision.kind == "excuse"

    @property
    def points(self) -> float:
        """The points that count: those that a person decided, or else those of the marking."""
        if self.decision is None:
            return self.marked_points
        return self.decision.points or 0.0

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """The ids of the recognised misconceptions."""
        return self.verdict.misconceptions


@dataclass(frozen=True)
class Report:
    """The result of marking one submission.

    `accuracy`, `bars` and `trainings` are keyed by script: the measured test accuracy, the accuracy
    required, and further details. `attempt` counts from 1; it and `seed` determine the hidden
    inputs.
    """

    sections: tuple[SectionResult, ...]
    accuracy: dict[str, float]
    bars: dict[str, float]
    seconds: float
    seed: int
    device: str
    sandbox: str
    submission: str
    problem: str = ""  # why nothing could be marked
    trainings: dict[str, Training] = field(default_factory=dict)
    attempt: int = 1
    lateness: Lateness | None = None
    total: Decision | None = None
    comments: tuple[Decision, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of all sections, for the instructor."""
        return tuple(dict.fromkeys(note for section in self.sections for note in section.notes))

    @property
    def score(self) -> float:
        """The points earned, before lateness; a section with a grader error counts in full.

        Without excused sections it is their sum. With them, the share that the others earned counts
        for all.
        """
        counted = [section for section in self.sections if not section.is_excused]
        earned = sum(section.points for section in counted)
        available = sum(section.max_points for section in counted)
        if len(counted) == len(self.sections) or not available:
            return earned
        return round(earned * self.max_score / available, 2)

    @property
    def mark(self) -> float:
        """The mark: what a person decided, or else the score less what lateness costs."""
        if self.total is not None:
            return self.total.points or 0.0
        return self.mark_without_decision

    @property
    def mark_without_decision(self) -> float:
        """The score less what lateness costs, at least 0."""
        penalty = 0.0 if self.lateness is None else self.lateness.penalty
        return max(0.0, round(self.score - penalty, 10))

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All that a person decided about this mark, in order."""
        of_sections = (s.decision for s in self.sections if s.decision is not None)
        total = () if self.total is None else (self.total,)
        found = {one.number: one for one in (*of_sections, *total, *self.comments)}
        return tuple(found[number] for number in sorted(found))

    @property
    def max_score(self) -> float:
        """The points available in the sections that were marked."""
        return sum(section.max_points for section in self.sections)

    @property
    def exit_status(self) -> int:
        """0: full marks; 1: marks lost; 2: something could not be graded."""
        if self.problem or any(section.status is Status.ERROR for section in self.sections):
            return 2
        return 0 if all(section.status is Status.PASSED for section in self.sections) else 1

    def to_json(self) -> str:
        """The report as JSON, for `from_json`."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `to_json` wrote.

        Raises ValueError, KeyError or TypeError on anything else.
        """
        fields: dict[str, Any] = json.loads(text)
        sections = tuple(section_from(section) for section in fields.pop("sections"))
        trainings = {
            script: training_from(training) for script, training in fields.pop("trainings").items()
        }
        lateness, total = fields.pop("lateness", None), fields.pop("total", None)
        return cls(
            sections=sections,
            trainings=trainings,
            lateness=None if lateness is None else Lateness(**lateness),
            total=None if total is None else Decision(**total),
            comments=tuple(Decision(**comment) for comment in fields.pop("comments", ())),
            **fields,
        )


def section_from(fields: dict[str, Any]) -> SectionResult:
    """The section with these fields, as read from JSON; `fields` is emptied.

    Old gradebooks hold one text of feedback in place of a verdict. It becomes a note.
    """
    comparisons = tuple(_compared_from(entry) for entry in fields.pop("comparisons"))
    notes = tuple(Note(**note) for note in fields.pop("notes", ()))
    decided = fields.pop("decision", None)
    decision = None if decided is None else Decision(**decided)
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
    return SectionResult(
        verdict=verdict, comparisons=comparisons, notes=notes, decision=decision, **fields
    )


def _compared_from(fields: dict[str, Any]) -> ComparedArray:
    """The comparison with these fields; old gradebooks hold name and wrong entries alone."""
    row, column = fields.get("origin", (0, 0))
    return ComparedArray(
        name=fields["name"],
        wrong=tuple(map(tuple, fields["wrong"])),
        shape=tuple(fields.get("shape", ())),
        origin=(row, column),
        got=tuple(map(tuple, fields.get("got", ()))),
        expected=tuple(map(tuple, fields.get("expected", ()))),
    )


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
    """The training with these fields, as read from JSON."""
    curves = {name: tuple(values) for name, values in fields["curves"].items()}
    return Training(
        curves,
        tuple(map(tuple, fields["confusion"])),
        tuple(Mistake(**entry) for entry in fields["mistakes"]),
    )
