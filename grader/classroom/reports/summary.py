"""The class in numbers, summed student by student: it keeps only what the class page shows."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from grader.classroom.headline import headline as headline_of_class
from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.exports import ExportNotes
from grader.feedback.misconceptions import CATALOGUE
from grader.report.text import headline, one_line
from grader.results import SectionResult, Status

SLOWEST = 10  # sections listed
MOST_NAMED = 100  # failures of one kind listed; further ones are only counted
MARK_BINS, ACCURACY_BINS = 10, 20  # of a histogram


@dataclass(frozen=True)
class Incident:
    """Something that the instructor should look at: which student, which section, and what."""

    name: str
    stem: str
    section: str
    what: str
    seconds: float = 0.0


@dataclass
class Incidents:
    """Incidents of one kind: the first MOST_NAMED, and the total count."""

    named: list[Incident] = field(default_factory=list)
    count: int = 0

    def add(self, incident: Incident) -> None:
        """Add one incident."""
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(incident)


@dataclass
class SectionTally:
    """The outcomes of a section, and the sums for its `discrimination`."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    n: int = 0
    right: int = 0
    rest: float = 0.0
    rest_squared: float = 0.0
    rest_of_right: float = 0.0

    @property
    def success(self) -> float | None:
        """The fraction of passes among passes and failures."""
        return self.passed / (self.passed + self.failed) if self.passed + self.failed else None

    @property
    def discrimination(self) -> float | None:
        """The point-biserial correlation of passing and the rest of the score; None if undefined.

        It is (M1 - M0) / s * sqrt(p q), where M1 and M0 are the mean rest of the score of those who
        passed and failed, and s is its standard deviation.
        """
        n, right = self.n, self.right
        if not 0 < right < n:
            return None
        variance = self.rest_squared / n - (self.rest / n) ** 2
        if variance <= 1e-9 * max(1.0, self.rest_squared / n):
            return None
        difference = self.rest_of_right / right - (self.rest - self.rest_of_right) / (n - right)
        return difference / math.sqrt(variance) * math.sqrt(right * (n - right)) / n


@dataclass
class Summary:
    """The counts of the class page.

    `students` handed in, the `missing` did not. `marked` counts those with a mark, unreadable
    submissions among them; `works` are the different submissions of those that were readable.
    """

    assignment: Assignment
    students: int = 0
    marked: int = 0
    pending: int = 0
    missing: int = 0
    works: set[str] = field(default_factory=set)
    score_sum: float = 0.0
    scores: Counter[float] = field(default_factory=Counter)
    accuracies: dict[str, list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * ACCURACY_BINS)
    )
    sections: dict[str, SectionTally] = field(default_factory=lambda: defaultdict(SectionTally))
    mistakes: Counter[str] = field(default_factory=Counter)
    mistaken_in: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unreadable: Incidents = field(default_factory=Incidents)
    given_up: Incidents = field(default_factory=Incidents)
    errors: Incidents = field(default_factory=Incidents)
    failed_runs: Incidents = field(default_factory=Incidents)
    notes: dict[str, Incidents] = field(default_factory=lambda: defaultdict(Incidents))
    exports: ExportNotes = field(default_factory=ExportNotes)
    _slowest: list[tuple[float, int, Incident]] = field(default_factory=list)
    _seen: int = 0

    def add(self, person: Person) -> None:
        """Add one student. Of those who handed nothing in, only the number counts."""
        report = person.standing.report
        if not person.has_handed_in:
            self.missing += 1
            return
        self.students += 1
        if report.problem:
            self.unreadable.add(Incident(person.name, person.stem, "", report.problem))
        if person.is_marked:
            self.marked += 1
            self.score_sum += report.mark
            self.scores[report.mark] += 1
            if not report.problem:
                self.works.add(person.standing.work)
        elif person.could_not_be_marked:
            self.given_up.add(Incident(person.name, person.stem, "", person.standing.failure))
        else:
            self.pending += 1
        for script, accuracy in report.accuracy.items():
            self.accuracies[script][_bin(accuracy, ACCURACY_BINS)] += 1
        if not report.problem:  # what a person gave for an unreadable one, nobody marked
            for section in report.sections:
                self._add_section(person, section)
        for note in report.notes:
            where = f"{note.script}.py" if note.script else ""
            incident = Incident(person.name, person.stem, where, one_line(note.text))
            self.notes[note.id].add(incident)
        for name in {name for section in report.sections for name in section.diagnosis}:
            self.mistakes[name] += 1
        if (
            person.is_marked
            and not report.problem
            and all(s.status is not Status.ERROR for s in report.sections)
        ):
            self._add_rest(report.score, report.sections)

    def _add_section(self, person: Person, section: SectionResult) -> None:
        tally = self.sections[section.number]
        tally.passed += section.status is Status.PASSED
        tally.failed += section.status is Status.FAILED
        tally.errors += section.status is Status.ERROR
        for name in section.diagnosis:
            self.mistaken_in[name][section.number] += 1
        where = f"{section.number} {section.title}"
        incident = Incident(
            person.name, person.stem, where, headline(section.verdict, 160), section.seconds
        )
        if section.status is Status.ERROR:
            self.errors.add(incident)
        if section.status is Status.FAILED and self._is_training(section.number):
            self.failed_runs.add(incident)
        self._seen += 1  # unique, so that the heap never compares incidents
        heapq.heappush(self._slowest, (section.seconds, self._seen, incident))
        if len(self._slowest) > SLOWEST:
            heapq.heappop(self._slowest)

    def _is_training(self, number: str) -> bool:
        return any(
            section.number == number and section.training for section in self.assignment.sections
        )

    def _add_rest(self, score: float, sections: tuple[SectionResult, ...]) -> None:
        for section in sections:
            tally, rest = self.sections[section.number], score - section.points
            passed = section.status is Status.PASSED
            tally.n += 1
            tally.right += passed
            tally.rest += rest
            tally.rest_squared += rest * rest
            tally.rest_of_right += rest * passed

    @property
    def headline(self) -> str:
        """The class in one sentence, the roster included."""
        return headline_of_class(
            self.students + self.missing,
            self.marked - self.unreadable.count,
            len(self.works),
            self.unreadable.count,
            self.pending,
            self.missing,
            failed=self.given_up.count,
        )

    @property
    def slowest(self) -> list[Incident]:
        """The slowest sections, the slowest first."""
        return [incident for _, _, incident in sorted(self._slowest, key=lambda entry: -entry[0])]

    @property
    def mark_counts(self) -> list[int]:
        """Students by tenths of the points; full marks count in the last."""
        counts = [0] * MARK_BINS
        for score, count in self.scores.items():
            counts[
                _bin(score / self.assignment.total if self.assignment.total else 0.0, MARK_BINS)
            ] += count
        return counts

    @property
    def mean(self) -> float | None:
        """The mean score."""
        return self.score_sum / self.marked if self.marked else None

    @property
    def median(self) -> float | None:
        """The median score."""
        return self._ranked((self.marked - 1) // 2, self.marked // 2) if self.marked else None

    def _ranked(self, *ranks: int) -> float:
        scores, below, found = sorted(self.scores.items()), 0, []
        for score, count in scores:
            found += [score for rank in ranks if below <= rank < below + count]
            below += count
        return sum(found) / len(found)

    @property
    def misconceptions(self) -> list[tuple[str, str, str, int]]:
        """Id, sections, first sentence of the advice, number of students; most frequent first."""
        order = list(self.assignment.points)
        return [
            (
                name,
                ", ".join(sorted(self.mistaken_in[name], key=order.index)),
                mistake_title(name),
                count,
            )
            for name, count in sorted(
                self.mistakes.items(), key=lambda entry: (-entry[1], entry[0])
            )
        ]


def mistake_title(name: str) -> str:
    """What a mistake of the catalogue is, in a sentence; "" for any other name."""
    advice = CATALOGUE[name].advice if name in CATALOGUE else ""
    return advice.partition(". ")[0].removesuffix(".") + "." if advice else ""


def _bin(fraction: float, bins: int) -> int:
    return min(bins - 1, max(0, int(fraction * bins + 1e-9)))
