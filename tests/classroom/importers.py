"""What the platforms make of our files, written from the rules in their source code.

Canvas   instructure/canvas-lms: lib/gradebook_importer.rb, app/models/abstract_assignment.rb
Moodle   moodle/moodle: public/lib/csvlib.class.php, public/mod/assign/feedback/offline/,
         mod/assign/feedback/file/importziplib.php
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

# --- Canvas


@dataclass(frozen=True)
class User:
    """A student of a Canvas course."""

    id: int
    name: str
    sis_user: str = ""
    sis_login: str = ""


@dataclass
class CanvasImport:
    """What an import changes: grades by user and column, rows nobody is found for, new columns."""

    grades: dict[int, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    new_assignments: list[str] = field(default_factory=list)


def canvas_import(path: Path, users: list[User], assignments: dict[int, str]) -> CanvasImport:
    """Import one assignment's column."""
    table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    header, rows = table[0], [[_decimal_comma(value) for value in row] for row in table[1:]]
    assert "Student" in header[0]  # a byte order mark before it does not matter
    assert "ID" in header[1]
    assert header[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    found = CanvasImport()
    numbered = re.fullmatch(r"(.*)\s\((\d+)\)", header[5])
    is_known = (numbered and int(numbered[2]) in assignments) or header[5] in assignments.values()
    if not is_known:
        found.new_assignments.append(header[5])
    for row in rows:
        if "Points Possible" in row[0]:
            continue
        user = _user(row, users)
        if user is None:
            found.unknown.append(row[0])
        else:
            found.grades[user.id] = row[5].strip()  # "" clears a grade
    return found


def _user(row: list[str], users: list[User]) -> User | None:
    number = re.match(r"\s*[0-9]+", row[1])  # as Ruby's to_i reads it: 0429 is 429
    by_id = [user for user in users if number and user.id == int(number[0])]
    by_sis = [user for user in users if row[2] and user.sis_user == row[2]]
    by_login = [user for user in users if row[3] and user.sis_login == row[3]]
    by_name = [user for user in users if user.name == row[0]]
    return next(iter([*by_id, *by_sis, *by_login, *by_name]), None)


def _decimal_comma(value: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", value):
        return value
    *whole, last = re.split("[,.]", value)
    return f"{''.join(whole)}.{last}" if whole else last


def canvas_comments(
    path: Path, attachments: dict[str, dict[str, str]]
) -> dict[str, tuple[str, bytes]]:
    """The file that each user (or anonymous id) is sent, and its name, from a re-uploaded zip.

    `attachments` are the names of each user's files by their ids. Raises AssertionError for a file
    that Canvas ignores.
    """
    found: dict[str, tuple[str, bytes]] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts = [part for part in name.rpartition("/")[2].split("_") if part != "LATE"]
            if parts[0] == "anon":
                user, attachment = parts[1:3]
            else:
                user, attachment = [part for part in parts if re.fullmatch("[0-9]+", part)][:2]
            assert attachment in attachments[user], f"{name} is ignored"
            assert user not in found, f"{user} gets two files"
            found[user] = attachments[user][attachment], archive.read(name)
    return found


# --- Moodle


@dataclass
class Grade:
    """A participant's grade record."""

    grade: float | None = None
    comment: str = ""
    modified: float = 0.0  # seconds since 1970


def moodle_import(
    path: Path, participants: set[int], grades: dict[int, Grade], at: datetime, word: str = ""
) -> None:
    """Import a grading worksheet at a time, into `grades`; `word` is the language's Participant."""
    table = php_rows(path.read_text(encoding="utf-8").removeprefix("\ufeff").strip())
    header = table[0]
    assert all(len(row) == len(header) for row in table), "the columns do not match: no import"
    columns = {name: header.index(name) for name in NEEDED if name in header}
    assert columns.keys() == set(NEEDED)
    for row in table[1:]:
        cut = row[columns["Identifier"]].encode()[len((word or "Participant ").encode()) :]
        number = int(cut) if cut.strip().isdigit() else 0
        if number in participants:
            _grade(
                grades,
                number,
                row[columns["Grade"]],
                row[columns["Feedback comments"]],
                row[columns["Last modified (grade)"]],
                at.timestamp(),
            )


NEEDED = ("Identifier", "Grade", "Last modified (grade)", "Feedback comments")


def _grade(
    grades: dict[int, Grade], number: int, grade: str, comment: str, modified: str, at: float
) -> None:
    old = grades.get(number)
    is_stale = old is not None and old.modified > _strtotime(modified) + 60
    if is_stale:
        return
    new = grades.setdefault(number, Grade())
    if grade.strip() and float(grade) != new.grade:
        new.grade, new.modified = float(grade), at
    if comment != new.comment:  # also an empty one
        new.comment, new.modified = comment, at


def _strtotime(text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    assert time.tzinfo is not None, "read in the server's zone, whichever that is"
    return time.astimezone(UTC).timestamp()


def php_rows(text: str) -> list[list[str]]:
    """The rows as PHP's fgetcsv reads them: a backslash keeps a quote from ending a cell."""
    rows, row, at = [], [], 0
    while at <= len(text):
        cell, at = _php_cell(text, at)
        row.append(cell)
        if at >= len(text) or text[at] == "\n":
            rows.append(row)
            row = []
            if at >= len(text):
                break
        at += 1
    return rows


def _php_cell(text: str, at: int) -> tuple[str, int]:
    """A cell, and where it ends."""
    text_ends = len(text)
    if at >= text_ends or text[at] != '"':
        end = min((i for i in (text.find(",", at), text.find("\n", at)) if i >= 0), default=-1)
        end = text_ends if end < 0 else end
        return text[at:end].rstrip("\r"), end
    at, cell = at + 1, ""
    while at < text_ends:
        if text[at] == "\\" and at + 1 < text_ends:
            cell, at = cell + text[at : at + 2], at + 2
        elif text[at : at + 2] == '""':
            cell, at = cell + '"', at + 2
        elif text[at] == '"':
            break
        else:
            cell, at = cell + text[at], at + 1
    at += 1
    while at < text_ends and text[at] not in ",\n":
        cell, at = cell + text[at], at + 1
    return cell.rstrip("\r") if at >= text_ends or text[at] == "\n" else cell, at


def moodle_feedback(path: Path, participants: set[int]) -> dict[int, dict[str, bytes]]:
    """The feedback files that each participant gets from a zip, by name."""
    found: dict[int, dict[str, bytes]] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            if parts[-1].startswith((".", "~")):
                continue
            while parts:
                info = parts.pop(0).split("_", 4)
                if len(info) < 4 or not info[1].isdigit() or int(info[1]) not in participants:
                    continue
                if (info[2], info[3]) not in (("assignsubmission", "file"),):
                    continue
                file = "/".join(["" if len(info) == 4 else info[4], *parts]).lstrip("/")
                found.setdefault(int(info[1]), {})[file] = archive.read(name)
                break
    return found
