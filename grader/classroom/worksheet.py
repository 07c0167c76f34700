"""Moodle's grading worksheet: who the participants are, their teams, and when they handed in.

Source of the columns: moodle/moodle, public/mod/assign/gradingtable.php. Their names are those of
the language in which an instructor downloads the worksheet; English is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from grader.classroom.tables import Row, read_table
from grader.classroom.times import time_in_words, zone_name
from grader.errors import CannotGrade

MODIFIED = "last modified (submission)"
GRADED = "last modified (grade)"
NEVER = ("", "-")
ON_ONE_LINE = ("identifier", "full name", "email address", "group", "status", MODIFIED, GRADED)
# Identifiers are "Participant 123"; 123 is the number in the names of the download too.
_IDENTIFIER = re.compile(r"Participant\s*([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Participant:
    """A row of the worksheet. `graded_cell` is the text of "Last modified (grade)" as it was."""

    id: str
    name: str
    email: str
    team: str
    modified: datetime | None
    is_late: bool | None
    graded_cell: str = ""


@dataclass(frozen=True)
class Worksheet:
    """The participants by id. `has_teams` says that an assignment's teams hand in together."""

    path: Path
    has_teams: bool
    zone: str = "UTC"
    participants: dict[str, Participant] = field(default_factory=dict)


def read_worksheet(path: Path, zone: tzinfo = UTC) -> Worksheet:
    """The worksheet in a CSV file, with its times read in `zone`.

    Raises CannotGrade, with the line, for a file that is none.
    """
    table = read_table(path, ON_ONE_LINE)
    if not {"identifier", MODIFIED} <= set(table.header):
        raise CannotGrade(
            f"{path} is not Moodle's grading worksheet in English, expected the columns Identifier "
            "and Last modified (submission): set your own language in Moodle to English, and "
            "download it again"
        )
    participants: dict[str, Participant] = {}
    for row in table.rows:
        one = _participant(row, zone, f"{path}, line {row.line}")
        if one.id in participants:
            raise CannotGrade(f"{path}, line {row.line}: Participant {one.id} is listed twice")
        participants[one.id] = one
    return Worksheet(path, "group" in table.header, zone_name(zone), participants)


def _participant(row: Row, zone: tzinfo, where: str) -> Participant:
    match = _IDENTIFIER.fullmatch(row["identifier"])
    if not match:
        raise CannotGrade(
            f"{where}: the identifier is {row['identifier'][:50]!r}, expected such as Participant 123"
        )
    cell = row[MODIFIED]
    modified = time_in_words(cell)
    if modified is None and cell not in NEVER:
        raise CannotGrade(
            f"{where}: the time is {cell[:50]!r}, expected such as Monday, 1 January 2024, 10:05 AM"
        )
    status = row["status"].casefold()
    return Participant(
        match[1],
        row["full name"],
        row["email address"],
        row["group"],
        modified.replace(tzinfo=zone) if modified else None,
        bool(re.search(r"\blate\b", status)) if modified and status else None,
        row[GRADED],
    )
