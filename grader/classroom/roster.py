"""The roster of a class: who should hand in, under which id.

Ids are text. A spreadsheet that takes them for numbers turns 0429 into 429, and 120000 into
1.20E+05, so an id that is not on the roster is explained by those that it may have been.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from grader.classroom.people import Student
from grader.classroom.tables import Row, Table, read_table
from grader.errors import CannotGrade
from grader.report.text import one_line

MAX_STUDENTS = 20_000
MOST_MEANT = 3  # ids that an unknown one may be, in a line
MAX_TEXT = 200  # characters of an id, a name, an e-mail address or a group
EXPECTED = "the columns id, name, email, group; the last two may be missing"

ID = ("id", "student id", "sid")
NAME = ("name", "full name", "student name")
FIRST, LAST = ("first name",), ("last name", "surname")
EMAIL = ("email", "email address", "mail")
GROUP, SECTION = ("group", "groups"), ("section", "sections")
# and those of Canvas and Moodle that are read
ON_ONE_LINE = (
    *(*ID, *NAME, *FIRST, *LAST, *EMAIL, *GROUP, *SECTION),
    *("student", "sis login id", "identifier"),
)
CANVAS_TEST = "Student, Test"  # whom Canvas adds for a teacher's "View as student"
_SCIENTIFIC = re.compile(r"([0-9])(?:[.,]([0-9]+))?E\+?([0-9]{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class Roster:
    """The students of a roster, and how many rows were left out, by what they are."""

    students: list[Student]
    left_out: dict[str, int]

    def remarks(self) -> list[str]:
        """A line that says how many rows are no students'; none if all are.

        >>> Roster([], {"Instructor": 1, "TA": 2}).remarks()
        ['the roster has 3 rows that are not used: Instructor (1), TA (2)']
        """
        if not self.left_out:
            return []
        kinds = ", ".join(f"{one_line(kind)[:50]} ({n})" for kind, n in self.left_out.items())
        count = sum(self.left_out.values())
        rows = "1 row that is" if count == 1 else f"{count} rows that are"
        return [f"the roster has {rows} not used: {kinds}"]


def read_roster(path: Path) -> Roster:
    """The students of a CSV file: a roster, or what Canvas, Moodle or Gradescope export.

    Teachers and test students in these exports are left out, and counted. Raises CannotGrade, with
    the line, for a header without id and name, an empty id, or one twice.
    """
    table = read_table(path, ON_ONE_LINE)
    read = _reader(table)
    students: dict[str, tuple[int, Student]] = {}
    left_out: Counter[str] = Counter()
    for row in table.rows:
        student = read(row)
        if not isinstance(student, Student):
            left_out.update([student] if student else [])
            continue
        _check(student, f"{path}, line {row.line}")
        before = students.setdefault(student.id, (row.line, student))
        if before[0] != row.line:
            raise CannotGrade(
                f"{path}, line {row.line}: the id {student.id} is {before[1].name} in line "
                f"{before[0]} and {student.name} here, expected each id once"
            )
    if not students:
        raise CannotGrade(f"{path} lists no students, expected a line for each below the header")
    if len(students) > MAX_STUDENTS:
        raise CannotGrade(f"{path} lists more than {MAX_STUDENTS:,} students, expected a class")
    return Roster([student for _, student in students.values()], dict(left_out))


def _check(student: Student, where: str) -> None:
    if not student.id:
        raise CannotGrade(f"{where}: the id of {student.name or 'a student'} is empty")
    for what, text in vars(student).items():
        if len(text) > MAX_TEXT or text != one_line(text):
            raise CannotGrade(
                f"{where}: the {what} {one_line(text)[:50]!r} has more than {MAX_TEXT} characters, "
                "or some that cannot be shown"
            )


def _reader(table: Table) -> Callable[[Row], Student | str]:
    """Reads a row of this kind of table; of a row that is no student's, what it is, or ""."""
    header = set(table.header)
    if {"student", "id", "section"} <= header:
        return _of_canvas
    if {"identifier", "full name"} <= header:
        return _of_moodle
    by = {kind: [name for name in names if name in header] for kind, names in _KINDS.items()}
    doubled = next((names for names in by.values() if len(names) > 1), None)
    if doubled:
        raise CannotGrade(
            f"{table.path} has the columns {' and '.join(doubled)}, expected one of them"
        )
    if not by["id"] or not (by["name"] or (by["first"] and by["last"])):
        found = ", ".join(filter(None, table.header)) or "nothing"
        raise CannotGrade(
            f"{table.path}, line 1: the header is {one_line(found)[:200]}, expected {EXPECTED}"
        )
    by["group"] = by["group"] or by["section"]
    columns = {kind: names[0] for kind, names in by.items() if names}
    return lambda row: _by_columns(row, columns)


_KINDS = {"id": ID, "name": NAME, "first": FIRST, "last": LAST, "email": EMAIL, "group": GROUP,
          "section": SECTION}  # fmt: skip


def _by_columns(row: Row, columns: dict[str, str]) -> Student | str:
    cells = {kind: row[columns[kind]] if kind in columns else "" for kind in _KINDS}
    identity = cells["id"]
    if columns["id"] == "sid":  # Gradescope: the id is the address where there is no student's id
        if row["role"].casefold() not in ("", "student"):
            return row["role"]
        identity = identity or cells["email"]
    name = cells["name"] or f"{cells['first']} {cells['last']}".strip() or identity
    return Student(identity, name, cells["email"], cells["group"])


def _of_canvas(row: Row) -> Student | str:
    """A row of Canvas's gradebook export, where rows that are no students stand too."""
    if "points possible" in row["student"].casefold() or not row["id"]:
        return ""
    if row["student"] == CANVAS_TEST:
        return "Canvas's test student"
    last, comma, first = row["student"].partition(", ")
    name = f"{first} {last}" if comma and ", " not in first else row["student"]
    login = row["sis login id"]
    return Student(row["id"], name, login if "@" in login else "", row["section"])


def _of_moodle(row: Row) -> Student:
    """A row of Moodle's grading worksheet, whose identifiers are such as "Participant 123"."""
    number = re.search(r"[0-9]+\Z", row["identifier"])
    identity = number[0] if number else ""
    return Student(identity, row["full name"] or identity, row["email address"], row["group"])


def unknown_ids(ids: Iterable[str], roster: Sequence[Student]) -> list[str]:
    """A line for each id that is not on the roster, with the ids there that may be meant.

    >>> unknown_ids(["429"], [Student("0429", "Ada")])
    ['429 is not on the roster, 0429 is: a spreadsheet may have removed leading zeros']
    """
    known = {student.id for student in roster}
    written: dict[str, set[str]] = {}
    rounded: dict[str, set[str]] = {}
    for one in known:
        for index, forms in zip((written, rounded), _forms(one), strict=True):
            for form in forms:
                index.setdefault(form, set()).add(one)
    lines = []
    for one in dict.fromkeys(ids):
        if one in known:
            continue
        # two ids that were both rounded to one form are two ids
        as_it_is, as_rounded = _forms(one)
        meant = {other for form in as_it_is for other in written.get(form, set())}
        meant |= {other for form in as_it_is for other in rounded.get(form, set())}
        meant |= {other for form in as_rounded for other in written.get(form, set())}
        lines.append(f"{one_line(one)} is not on the roster{_meaning(one, sorted(meant))}")
    return lines


def _meaning(one: str, meant: list[str]) -> str:
    """The ids that an unknown one may be, and why; "" for none."""
    if not meant:
        return ""
    more = f" or one of {len(meant) - MOST_MEANT} more" if len(meant) > MOST_MEANT else ""
    return f", {' or '.join(meant[:MOST_MEANT])}{more} is: {_reason(one, meant[0])}"


def _forms(identity: str) -> tuple[set[str], set[str]]:
    """What an id may stand for as it is written, and what it may be rounded to.

    >>> _forms("4,3E+02")[0] & _forms("0429")[1]
    {'4.3e+2'}
    """
    text = unicodedata.normalize("NFKC", identity).casefold().strip()
    whole = re.sub(r"[.,]0+\Z", "", text)
    if whole.isdecimal() and whole.isascii():
        number = whole.lstrip("0") or "0"
        return {text, number}, {f"{Decimal(number):.{digits}e}" for digits in (0, 1, 2, 3, 5)}
    if match := _SCIENTIFIC.fullmatch(text):
        decimals = f".{match[2]}" if match[2] else ""
        return {text, f"{match[1]}{decimals}e+{int(match[3])}"}, set()
    return {text}, set()


def _reason(one: str, other: str) -> str:
    """Why an id may be another."""
    if _SCIENTIFIC.fullmatch(one) or _SCIENTIFIC.fullmatch(other):
        return "a spreadsheet may have rounded a long number"
    if one.casefold() == other.casefold():
        return "upper and lower case differ"
    if one.lstrip("0") == other.lstrip("0"):
        return "a spreadsheet may have removed leading zeros"
    return "a spreadsheet may have written it as a number"
