"""The records that rubric.toml is read into: a section's policy, and the rules of marking."""

from __future__ import annotations

from dataclasses import dataclass

from grader.sections import Section

CREDITS = ("all or nothing", "each gradient")
DIFFICULTIES = ("easy", "medium", "hard")
# Bytes of both fork servers (0.3 GB with PyTorch), and of the pages of a worker's libraries that it
# could write to (0.9 GB); this comes on top of its memory_bytes.
IMPORTED_BYTES = 1_300_000_000
GRADER_BYTES = 600_000_000  # of the process that marks, with the data


@dataclass(frozen=True)
class RubricSection:
    """A section and its policy.

    `hints` lead to an answer: where to look, why it is wrong, almost the answer.
    `bar` is the test accuracy (0 to 1) required in a section that marks training. `credit` says
    what a failed section may earn, one of CREDITS.
    """

    section: Section
    title: str
    points: float
    hints: tuple[str, ...]
    needs: tuple[str, ...] = ()
    bar: float | None = None
    credit: str = "all or nothing"

    @property
    def number(self) -> str:
        """The section number, such as "1.2"."""
        return self.section.number

    @property
    def script(self) -> str:
        """The script that the section is about, "" for the checklist."""
        return self.section.script

    @property
    def training(self) -> bool:
        """Whether the section marks the accuracy that training reached."""
        return self.section.training


@dataclass(frozen=True)
class Limits:
    """The resource limits of a script: seconds of wall time, bytes, and counts.

    `memory_bytes` is what each script may take in addition to its imported packages.
    """

    import_seconds: float
    call_seconds: float
    full_size_seconds: float
    train_seconds: dict[str, float]
    reply_bytes: int
    output_bytes: int
    memory_bytes: dict[str, int]
    cpu_seconds: int
    scratch_bytes: int
    open_files: int
    processes: int
    # rubrics in old gradebooks do not have these
    section_seconds: float = 60
    submission_seconds: float = 1800

    @property
    def marking_seconds(self) -> float:
        """Wall time after which a batch ends a marking.

        Half as much again as its calls may take, for starting processes, the grader's own work,
        and waiting for another marking that has to be alone.
        """
        return 1.5 * self.submission_seconds

    @property
    def submission_bytes(self) -> int:
        """The most memory that one submission holds at any moment, with its scratch folders."""
        return max(self.memory_bytes.values()) + IMPORTED_BYTES + 2 * self.scratch_bytes

    @property
    def marking_bytes(self) -> int:
        """The most memory that marking one submission takes; what several at once are planned by."""
        return self.submission_bytes + GRADER_BYTES


@dataclass(frozen=True)
class TrainingRules:
    """How accuracy is compared with a bar.

    Within `margin` of the bar, training is repeated and the median of up to `runs` trainings
    counts.
    """

    margin: float
    runs: int
    audit_margin: float


@dataclass(frozen=True)
class Band:
    """Two thresholds.

    Below `low` the answer is clearly no, above `high` clearly yes; in between either is right.
    """

    low: float
    high: float


@dataclass(frozen=True)
class JudgementRules:
    """How learning curves are judged; [judgement] in rubric.toml explains the entries."""

    gap: Band
    rise: Band
    level: Band


@dataclass(frozen=True)
class ExamRules:
    """The mistakes that an exam may put in, by how hard they are to find."""

    easy: tuple[str, ...] = ()
    medium: tuple[str, ...] = ()
    hard: tuple[str, ...] = ()

    def difficulty(self, id: str) -> str:  # noqa: A002
        """The class of a mistake, "" if an exam does not put it in."""
        return next((name for name in DIFFICULTIES if id in getattr(self, name)), "")


@dataclass(frozen=True)
class Weights:
    """What the marking of the submission and the exam count, as shares of one mark."""

    hand_in: float
    exam: float
