"""Who is missing, late, or has a mark that a person changed: lists for the class page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from grader.classroom.decisions import would_give_more
from grader.classroom.people import Student
from grader.classroom.reports.assignment import Person
from grader.report.changes import decided
from grader.results import Decision, Lateness


@dataclass(frozen=True)
class Change:
    """A decision about a student, in words."""

    name: str
    stem: str
    what: str
    decision: Decision


@dataclass(frozen=True)
class More:
    """A student whom the marking would give more than a person did: a `line` for each case."""

    name: str
    stem: str
    line: str


@dataclass(frozen=True)
class Late:
    """A student whose submission is late, or may be."""

    name: str
    stem: str
    lateness: Lateness


@dataclass
class Register:
    """The lists. `sources` counts how the times of submissions are known.

    `not_on_roster` are students who handed in without being expected, and `extensions` lines about
    extensions of unknown students.
    """

    missing: list[Student] = field(default_factory=list)
    not_on_roster: list[Student] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    more: list[More] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)

    def add(self, person: Person) -> None:
        """Add one student."""
        report, stem = person.standing.report, person.stem if person.has_handed_in else ""
        if not person.has_handed_in:
            self.missing.append(person.standing.student)
        for decision in report.decisions:
            what = "comment" if decision.kind == "comment" else decided(decision)
            self.changes.append(Change(person.name, stem, what, decision))
        self.more += [More(person.name, stem, line) for line in would_give_more(report)]
        if report.lateness is not None:
            self._add_lateness(person, report.lateness)

    def _add_lateness(self, person: Person, lateness: Lateness) -> None:
        self.sources[lateness.source or "unknown"] += 1
        if lateness.days or lateness.remark:
            self.late.append(Late(person.name, person.stem, lateness))
