"""The class page for the instructor: the class at a glance, and lists of what needs a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from grader.classroom.reports.assignment import Assignment
from grader.classroom.reports.attempts import FEW, Attempts
from grader.classroom.reports.copies import Copies
from grader.classroom.reports.heat_map import SYMBOLS, StudentRow, tag
from grader.classroom.reports.names import folded
from grader.classroom.reports.register import Register
from grader.classroom.reports.summary import ACCURACY_BINS, MARK_BINS, Summary
from grader.report import charts
from grader.report.student_page import csp_hash, environment, source
from grader.sections import SCRIPTS


@dataclass
class ClassContent:
    """What the page shows. `exports` are the files of the whole class beside it.

    `left_out` says what an anonymous report leaves out, "" for any other.
    """

    assignment: Assignment
    summary: Summary
    rows: Sequence[StudentRow]
    register: Register
    attempts: Attempts = field(default_factory=Attempts)
    exports: Sequence[str] = ()
    copies: Copies | None = None
    left_out: str = ""


def class_page(content: ClassContent) -> Iterator[str]:
    """The page's source in pieces: a large class has one of many megabytes."""
    script, assignment, summary = source("table.js"), content.assignment, content.summary
    rows = sorted(content.rows, key=lambda row: (folded(row.name), row.id))
    return (
        environment()
        .get_template("index.html")
        .generate(
            content=content,
            **vars(content) | {"rows": rows},
            columns=_columns(rows),
            groups=sorted({row.group for row in rows if row.group}, key=folded),
            symbols=SYMBOLS,
            trained=[
                (index, Markup("_<wbr>").join(script.split("_")))
                for index, script in enumerate(SCRIPTS)
                if script in summary.accuracies
            ],
            mistakes=_mistakes(summary, rows),
            few=FEW,
            titles={section.number: section.title for section in assignment.sections},
            histograms=_histograms(assignment, summary),
            sections=[
                (section, summary.sections[section.number]) for section in assignment.sections
            ],
            script=script,
            script_hash=csp_hash(script),
        )
    )


def _columns(rows: Sequence[StudentRow]) -> dict[str, bool]:
    """Which columns say something about anybody; the others are not shown."""
    return {
        "id": any(row.id not in row.name for row in rows),
        "group": any(row.group for row in rows),
        "before": any(row.before != row.mark for row in rows),
        "late": any(row.days_late for row in rows),
        "attempts": any(row.attempts > 1 for row in rows),
        "answered": any(row.answered for row in rows),
    }


def _mistakes(
    summary: Summary, rows: Sequence[StudentRow]
) -> list[tuple[str, str, str, int, str, list[StudentRow]]]:
    """The recognised mistakes: those of the summary, with the tag to filter by and the students."""
    made_by: dict[str, list[StudentRow]] = {}
    for row in rows:
        for found in row.tags.split():
            made_by.setdefault(found, []).append(row)
    return [
        (name, sections, title, count, tag(name), made_by.get(tag(name), []))
        for name, sections, title, count in summary.misconceptions
    ]


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
