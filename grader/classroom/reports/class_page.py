"""The class page for the instructor: results, mistakes, and a sortable table of students."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.copies import Copies
from grader.classroom.reports.summary import ACCURACY_BINS, MARK_BINS, Summary
from grader.report import charts
from grader.report.student_page import csp_hash, environment, source
from grader.results import Status
from grader.sections import SCRIPTS


@dataclass(frozen=True)
class StudentRow:
    """One student's row in the table."""

    name: str
    id: str
    stem: str
    state: str
    score: float | None
    accuracies: tuple[float | None, ...]  # in the order of SCRIPTS
    lost: str
    attempts: int


def row(person: Person) -> StudentRow:
    """The row of a student."""
    standing, report = person.standing, person.standing.report
    errors = any(section.status is Status.ERROR for section in report.sections)
    return StudentRow(
        person.name,
        standing.student.id,
        person.stem,
        f"{person.state}, grader error" if errors else person.state,
        report.mark if person.is_marked else None,
        tuple(report.accuracy.get(script) for script in SCRIPTS),
        " ".join(section.number for section in report.sections if section.status is Status.FAILED),
        standing.attempts,
    )


def class_page(
    assignment: Assignment,
    summary: Summary,
    rows: Iterable[StudentRow],
    exports: Iterable[str],
    copies: Copies | None,
) -> str:
    """The page's source."""
    script = source("table.js")
    return (
        environment()
        .get_template("index.html")
        .render(
            assignment=assignment,
            summary=summary,
            rows=rows,
            exports=exports,
            copies=copies,
            scripts=SCRIPTS,
            histograms=_histograms(assignment, summary),
            sections=[
                (section, summary.sections[section.number]) for section in assignment.sections
            ],
            script=script,
            script_hash=csp_hash(script),
        )
    )


def _histograms(assignment: Assignment, summary: Summary) -> list[Markup]:
    marks = charts.histogram("Marks", summary.mark_counts, 100 / MARK_BINS, "% of the points")
    return [marks] + [
        charts.histogram(
            f"Test accuracy of {script}.py",
            summary.accuracies[script],
            100 / ACCURACY_BINS,
            "%",
            _percent(assignment, script),
        )
        for script in SCRIPTS
        if script in summary.accuracies
    ]


def _percent(assignment: Assignment, script: str) -> Any:
    bar = assignment.bars.get(script)
    return None if bar is None else 100 * bar
