"""The rows of the class page's first table: a student each, with a cell for every section."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from grader.classroom.question_log import Answered
from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.names import folded, search_text
from grader.report.text import headline, plain
from grader.results import SectionResult, Status
from grader.sections import SCRIPTS

LONGEST = 200  # characters of a name, an id or a tooltip; names may be any text
SHADES = 5  # of the credit, without that for none; as in style.css
# What a cell shows besides its colour. The words are read out, and stand in the legend.
SYMBOLS = {
    "passed": "✓",
    "failed": "✗",
    "partly right": "◐",
    "not written": "–",
    "grader error": "!",
    "changed by a person": "✎",
    "excused": "○",
    "could not be read": "?",
    "not marked yet": "·",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A section of a student. `look` is a class of style.css, `words` say what `symbol` shows.

    `anchor` leads to the section on the student's page, "" to its top. `tip` is the first line of
    the feedback, "" for a right answer.
    """

    look: str
    symbol: str
    words: str
    anchor: str = ""
    tip: str = ""


@lru_cache(maxsize=4096)  # a class page holds many equal cells, and needs each of them once
def _cell(look: str, symbol: str, words: str, anchor: str = "", tip: str = "") -> Cell:
    return Cell(look, symbol, words, anchor, tip)


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One student's row. `stem` names the student's page, "" if there is none.

    `state` is "" for a student who is marked. `before` are the points before lateness. `find` is
    the text that a filter looks into, and `tags` the words that it takes as a whole.
    """

    name: str
    id: str
    stem: str
    group: str
    state: str
    mark: float | None
    is_decided: bool
    before: float | None
    days_late: int | None
    attempts: int
    answered: Answered | None
    cells: tuple[Cell, ...]
    accuracies: tuple[float | None, ...]  # in the order of SCRIPTS
    find: str
    tags: str


def row(person: Person, assignment: Assignment) -> StudentRow:
    """The row of a student."""
    standing, report = person.standing, person.standing.report
    student, late = standing.student, standing.report.lateness
    state = "" if person.state == "marked" else person.state
    texts = [student.name, student.id, student.group, person.state]
    return StudentRow(
        name=(student.name or student.id)[:LONGEST],  # a roster may have no name
        id=student.id[:LONGEST],
        stem=person.stem if person.has_handed_in else "",
        group=student.group,
        state=state,
        mark=report.mark if person.is_marked else None,
        is_decided=report.total is not None,
        before=report.score if person.is_marked else None,
        days_late=None if late is None else late.days,
        attempts=standing.attempts,
        answered=standing.answered,
        cells=cells(person, assignment),
        accuracies=tuple(report.accuracy.get(script) for script in SCRIPTS),
        find=" ".join(search_text(plain(text[:LONGEST])) for text in texts if text),
        tags=" ".join(map(tag, tags(person))),
    )


def tag(text: str) -> str:
    """The text as one word to filter by."""
    return folded(plain(text[:LONGEST])).replace(" ", "-")


def tags(person: Person) -> list[str]:
    """What a filter finds a student by, apart from name, id and group: sections that were lost,
    recognised mistakes, and words such as "late"."""
    report = person.standing.report
    lost = [section.number for section in report.sections if is_lost(section)]
    mistakes = dict.fromkeys(name for section in report.sections for name in section.diagnosis)
    words = {
        "changed": any(one.kind != "comment" for one in report.decisions),
        "excused": any(section.is_excused for section in report.sections),
        "late": report.lateness is not None and report.lateness.days > 0,
        "error": any(section.status is Status.ERROR for section in report.sections),
        "unreadable": bool(report.problem),
        "missing": not person.has_handed_in,
        "unanswered": person.standing.answered is not None and not person.standing.answered.given,
    }
    return [*lost, *mistakes, *(word for word, is_true in words.items() if is_true)]


def is_lost(section: SectionResult) -> bool:
    """Whether points of a section are missing that count."""
    return not section.is_excused and section.points < section.max_points


def cells(person: Person, assignment: Assignment) -> tuple[Cell, ...]:
    """The cells of a student, in the order of the sections."""
    marked = {section.number: section for section in person.standing.report.sections}
    return tuple(
        _marked(marked[number]) if number in marked else _without_result(person, number)
        for number in assignment.points
    )


def _without_result(person: Person, number: str) -> Cell:
    if not person.has_handed_in:
        return _cell("none", "", "")
    words = "could not be read" if person.standing.report.problem else "not marked yet"
    look = "k0" if person.standing.report.problem else "none"
    return _cell(look, SYMBOLS[words], f"{number} {words}")


def _marked(section: SectionResult) -> Cell:
    words = outcome(section)
    said = f"{section.number} {words}"
    if not section.is_excused:
        said += f", {section.points:g} of {section.max_points:g} points"
    is_right = section.status is Status.PASSED
    return _cell(
        _look(section),
        SYMBOLS[words],
        said,
        "" if is_right else f"#section-{section.number}",
        "" if is_right else f"{section.title}: {headline(section.verdict, LONGEST)}",
    )


def outcome(section: SectionResult) -> str:
    """The section's outcome as one of the words in SYMBOLS."""
    if section.is_excused:
        return "excused"
    if section.decision is not None:
        return "changed by a person"
    if section.status is not Status.FAILED:
        return str(section.status)
    if section.points > 0:
        return "partly right"
    return "not written" if "not-written" in section.diagnosis else "failed"


def _look(section: SectionResult) -> str:
    if section.is_excused:
        return "none"
    credit = section.points / section.max_points if section.max_points else 1.0
    if credit >= 1:
        return f"k{SHADES}"
    return f"k{1 + int(credit * (SHADES - 1))}" if credit > 0 else "k0"
