"""Who and what a report names: the class as it is, or without anything that names somebody.

An anonymous report keeps marks, outcomes, recognised mistakes and the grader's own words. Whatever
a student wrote is left out, because it cannot be cleaned: names stand in comments, texts, file
names and pictures.
"""

from __future__ import annotations

import re
from dataclasses import replace

from assignment.failure import without_quotes
from grader.classroom.gradebook import Gradebook, StudentRecord
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.pseudonyms import code, disguised
from grader.classroom.reports.assignment import Person
from grader.classroom.reports.names import folded, stem
from grader.results import Decision, Lateness, Note, Report, SectionResult, Smallest, Verdict

LEFT_OUT = (
    "This page is anonymous: names, what students wrote, submitted plots, times, and reasons that "
    "people gave for their decisions are left out."
)
TIMES_LEFT_OUT = "the times are left out"
SHORTEST = 3  # letters of a word that counts as part of somebody's name
_WORD = re.compile(r"[^\W_]+")


class AsItIs:
    """A report that names everybody."""

    left_out = ""

    def student(self, student: Student) -> Student:
        """The student to name."""
        return student

    def person(self, person: Person) -> Person:
        """The person to show."""
        return person

    def section(self, section: SectionResult) -> SectionResult:
        """The result to show."""
        return section


class Anonymous(AsItIs):
    """A report that names nobody, by the gradebook's secret."""

    left_out = LEFT_OUT

    def __init__(self, gradebook: Gradebook, secret: bytes):
        self._secret = secret
        students = [*gradebook.students(), *gradebook.without_submission()]
        self._students = disguised(self._secret, students)
        texts = [text for one in students for text in (one.id, one.name, one.email)]
        self._words = {word for text in texts for word in _words(text)}

    def student(self, student: Student) -> Student:
        """The student to name: a pseudonym."""
        return self._students[student.id]

    def person(self, person: Person) -> Person:
        """The person under a pseudonym, with nothing that the person or an instructor wrote."""
        standing, student = person.standing, self.student(person.standing.student)
        shown = StudentRecord(
            student,
            code(self._secret, "work", standing.work) if standing.work else "",
            standing.attempts,
            self._report(standing.report, student.id),
            standing.pending,
            HandedIn(),
            Origin(),
            answered=standing.answered,
        )
        return replace(person, standing=shown, stem=stem(student))

    def _report(self, report: Report, name: str) -> Report:
        return replace(
            report,
            submission=name,
            problem="the submission could not be read" if report.problem else "",
            sections=tuple(self.section(section) for section in report.sections),
            lateness=None if report.lateness is None else _without_times(report.lateness),
            total=None if report.total is None else _without_words(report.total),
            comments=(),
        )

    def section(self, section: SectionResult) -> SectionResult:
        """The result without a student's or instructor's words; the checklist's names files."""
        decision = None if section.decision is None else _without_words(section.decision)
        verdict = self._verdict(section.verdict, is_about_files=not section.script)
        notes = tuple(Note(n.id, n.script, self._clean(n.text)) for n in section.notes)
        return replace(section, verdict=verdict, notes=notes, decision=decision)

    def _verdict(self, verdict: Verdict, *, is_about_files: bool) -> Verdict:
        """The fields that the grader wrote, named one by one: further ones stay out."""
        kept = Verdict(verdict.status, verdict.credit, misconceptions=verdict.misconceptions)
        is_old = not verdict.got and bool(verdict.notes)  # one text, with a student's words in it
        if is_about_files or is_old:
            return kept
        return replace(
            kept,
            got=self._clean(verdict.got),
            expected=self._clean(verdict.expected),
            where=self._clean(verdict.where),
            hints=tuple(map(self._clean, verdict.hints)),
            smallest=None if verdict.smallest is None else self._smallest(verdict.smallest),
            notes=tuple(map(self._clean, verdict.notes)),
        )

    def _smallest(self, smallest: Smallest) -> Smallest | None:
        texts = (smallest.tried, smallest.got, smallest.expected, smallest.before)
        return smallest if all(self._clean(text) == text for text in texts) else None

    def _clean(self, text: str) -> str:
        """The text without quotes; all of it is left out if it has a word of anybody's name."""
        unquoted = without_quotes(text)
        return "(left out)" if self._words & set(_words(unquoted)) else unquoted


def _words(text: str) -> list[str]:
    """The words of a name or a text that can name somebody, without regard to case and accents."""
    return [word for word in _WORD.findall(folded(text)) if len(word) >= SHORTEST]


def _without_words(decision: Decision) -> Decision:
    """The decision alone: neither what was said about it, nor by whom and when."""
    return replace(decision, reason="", comment="", who="", at="")


def _without_times(lateness: Lateness) -> Lateness:
    remark = lateness.remark or (TIMES_LEFT_OUT if lateness.days else "")
    return replace(lateness, due="", handed_in="", remark=remark)
