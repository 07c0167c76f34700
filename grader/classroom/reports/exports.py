"""The marks as files for Gradescope, Canvas, Moodle and spreadsheets.

A student without a mark never gets a 0: their cell is empty, or they have no row where an empty
cell would delete something. Read `spreadsheets`, then `platform_files`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from grader.classroom.reports import platform_files, spreadsheets
from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.cells import Cell
from grader.classroom.reports.spreadsheets import Rows, final_mark
from grader.report.text import one_line

MOST_NAMED = 5  # students in a line


@dataclass(frozen=True)
class Export:
    """One file: its header rows, the rows of a student, and why a student has none ("": has one).

    `platform` is the one whose import reads it; "" if none does.
    """

    head: Callable[[Assignment], list[list[Cell]]]
    rows: Callable[[Assignment, Person], Rows]
    without: Callable[[Person], str] = lambda person: ""
    platform: str = ""


EXPORTS = {
    "grades.csv": Export(spreadsheets.grades_head, spreadsheets.grades),
    "gradescope.csv": Export(platform_files.gradescope_head, platform_files.gradescope),
    "canvas.csv": Export(
        platform_files.canvas_head, platform_files.canvas, platform_files.without_canvas, "canvas"
    ),
    "moodle.csv": Export(
        platform_files.moodle_head, platform_files.moodle, platform_files.without_moodle, "moodle"
    ),
    "sections.csv": Export(spreadsheets.sections_head, spreadsheets.sections),
}


@dataclass
class ExportNotes:
    """What an instructor has to know before importing: who is left out, and what to check."""

    _without: dict[str, dict[str, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    _platforms: set[str] = field(default_factory=set)
    _zeros: list[str] = field(default_factory=list)

    def add(self, person: Person) -> None:
        """Add one student."""
        self._platforms.add(person.standing.origin.platform)
        for name, export in EXPORTS.items():
            reason = export.without(person)
            if reason:
                self._without[name][reason].append(named(person))
        if not platform_files.without_moodle(person) and final_mark(person) == 0:
            self._zeros.append(named(person))

    def lines(self, assignment: Assignment) -> list[str]:
        """A line for each thing to know; none about files of platforms that are not used."""
        used = {name: one for name, one in EXPORTS.items() if one.platform in self._platforms}
        said = [
            f"{name}: {listed(students)} left out: {reason}"
            for name, export in used.items()
            if export.platform
            for reason, students in self._without[name].items()
        ]
        if "canvas" in self._platforms and not assignment.course.canvas:
            said.append(
                f"canvas.csv: the column is {one_line(assignment.title)!r}; Canvas creates an "
                "assignment if it has none of that title. Write canvas = "
                '"Title (4711)", as in its own export, under [columns] in course.toml'
            )
        if self._zeros:
            said.append(
                f"moodle.csv: {listed(self._zeros)} with 0 points, which the newest versions of "
                "Moodle do not import: check those by hand"
            )
        return said


def named(person: Person) -> str:
    """A student's name, with the id where that is another text."""
    student = person.standing.student
    return one_line(person.name if person.name == student.id else f"{person.name} ({student.id})")


def listed(names: Sequence[str]) -> str:
    """How many students, and the first ones by name.

    >>> listed(["Ada (1)", "Bob (2)"])
    '2 students (Ada (1), Bob (2))'
    """
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    count = f"{len(names)} student{'s' if len(names) != 1 else ''}"
    return f"{count} ({', '.join(names[:MOST_NAMED])}{more})"
