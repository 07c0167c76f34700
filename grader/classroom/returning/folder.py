"""A folder of pages with names that people can read, and a list of whose each one is."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

from grader.classroom.people import Student
from grader.classroom.reports.cells import Cell, cell
from grader.classroom.reports.names import stem
from grader.classroom.returning.feedback import Feedback

INDEX = "index.csv"
LONGEST = 40  # characters of a name, and of an id
HEAD = ("id", "name", "email", "group", "score", "max_score", "file")

# names of devices, which Windows has in every folder and with every ending
RESERVED = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10)),
}


class PageFolder:
    """The folder being filled. `needs_email` reports students who have no address."""

    def __init__(self, path: Path, *, needs_email: bool = False):
        self._path, self._needs_email = path, needs_email
        self._taken = {INDEX}
        self._rows: list[list[Cell]] = []

    def add(self, feedback: Feedback) -> str:
        """Add a student's page; returns what is missing, "" if nothing is."""
        person, report = feedback.person, feedback.person.standing.report
        student = person.standing.student
        name = self._name(student)
        (self._path / name).write_bytes(feedback.page())
        row = [student.id, person.name, address(student), student.group]
        self._rows.append([*row, report.mark, feedback.assignment.total, name])
        missing = self._needs_email and not address(student)
        return "no e-mail address (the page is in the folder)" if missing else ""

    def finish(self) -> None:
        """Write the list of the pages."""
        # with a byte order mark, by which spreadsheets know UTF-8
        with (self._path / INDEX).open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(HEAD)
            writer.writerows([cell(value) for value in row] for row in self._rows)

    def _name(self, student: Student) -> str:
        """A file's name that no other student has, whatever a file system thinks of case."""
        name = f"{readable(student)}.html"
        if name.casefold() in self._taken:
            name = f"{stem(student)}.html"
        self._taken.add(name.casefold())
        return name


def address(student: Student) -> str:
    """The e-mail address; Gradescope may know a student by it alone."""
    return student.email or (student.id if "@" in student.id[1:] else "")


def readable(student: Student) -> str:
    """Name and id as a file name without ending.

    >>> readable(Student("0429", "Müller, Jürgen"))
    'Müller-Jürgen-0429'
    """
    name = unicodedata.normalize("NFC", student.name)
    words = "-".join(re.findall(r"[^\W_]+", name))[:LONGEST].strip("-")
    plain_id = re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9.@_-]{{0,{LONGEST}}}", student.id)
    if not words or not plain_id or words.upper() in RESERVED:
        return stem(student)
    return words if student.id == student.name else f"{words}-{student.id.rstrip('.')}"
