"""Moodle's download: "Ada Lovelace_1234567_assignsubmission_file/…", or that before each file.

Where teams hand in together, the name and the number are the group's, and students without a group
are "Default group_assignsubmission_file", without a number. Nothing in the download says that a
number is a group's: the worksheet does. Source of the names: moodle/moodle,
public/mod/assign/classes/downloader.php. The words are those of the site's language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from grader.classroom.intake.entry import Entry, Known, below_top, names_of, stray
from grader.classroom.listing import File
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.worksheet import Participant, Worksheet
from grader.errors import CannotGrade
from grader.report.text import one_line

SOURCE = "Moodle's grading worksheet"
_ANCHOR = "_assignsubmission_"
_KIND = r"_assignsubmission_(?P<kind>file|onlinetext)"
_FLAT = re.compile(rf"(?P<place>(?P<name>.+?)_(?P<id>[0-9]+){_KIND})(?:_(?P<file>.*))?")
_FOLDER = re.compile(rf"(?P<place>(?P<name>.+)_(?P<id>[0-9]+){_KIND})_?")
# Moodle writes a space for "_" in the names of teams, so a number would be seen.
_DEFAULT_FLAT = re.compile(rf"(?P<place>(?P<name>[^_]+){_KIND})(?:_(?P<file>.*))?")
_DEFAULT_FOLDER = re.compile(rf"(?P<place>(?P<name>[^_]+){_KIND})_?")
# What Moodle's clean_filename removes from a name.
_REMOVED = re.compile(r"[\x00-\x1f\x7f&<>\"`|':\\/]|\.\.+")


def fits(top: str) -> bool:
    """Whether a name at the top of a download is as Moodle writes them."""
    return bool(_FLAT.fullmatch(top) or _DEFAULT_FLAT.fullmatch(top))


def moodle(files: list[File], work: set[str], known: Known) -> list[Entry]:
    """The entries; what is in `work` and named otherwise is nobody's.

    Raises CannotGrade for a worksheet that is another assignment's.
    """
    found: dict[tuple[str, str], Entry] = {}
    places: dict[tuple[str, str], str] = {}
    strays = {}
    for file in files:
        top = file.path.parts[0]
        match = _parsed(top, is_folder=len(file.path.parts) > 1)
        if match is None:
            if top in work or fits(top):
                strays[top] = stray(top, "moodle")
            continue
        number = match.groupdict().get("id") or ""
        key = match["name"], number
        entry = found.setdefault(key, Entry([], _shown(*key)))
        named = match.groupdict().get("file") or ""
        entry.files.append(below_top(file, named))
        if key not in places or match["kind"] == "file":
            places[key] = match["place"]
    for key, entry in found.items():
        entry.origin = Origin("moodle", places[key], names_of(entry.files))
    _assign(found, known)
    return [*found.values(), *strays.values()]


def _parsed(top: str, *, is_folder: bool) -> re.Match[str] | None:
    """Name, number and file in a name; None for other names, or ambiguous ones.

    A folder's name is Moodle's and the student's. The rest of a file's name is the student's choice.
    """
    if is_folder:
        return _FOLDER.fullmatch(top) or _DEFAULT_FOLDER.fullmatch(top)
    if top.count(_ANCHOR) > 1:
        return None
    return _FLAT.fullmatch(top) or _DEFAULT_FLAT.fullmatch(top)


def _shown(name: str, number: str) -> str:
    return f"{name} ({number})" if number else name


def _assign(found: dict[tuple[str, str], Entry], known: Known) -> None:
    """Say whose each entry is: a participant's or a team's."""
    if _are_teams(found, known):
        names = [_key(name) for name, _ in found]
        for (name, number), entry in found.items():
            _assign_team(entry, name, number, known, is_alone=names.count(_key(name)) == 1)
        return
    sheet, hidden = known.worksheet, _are_hidden(found)
    if sheet and not hidden:
        _expect_own_worksheet(found, sheet)
    for (name, number), entry in found.items():
        entry.students = [Student(number or name, name)]
        if not number:
            entry.is_missing = True
            entry.problem = (
                f"{name} has no number, which only a team's submission has, "
                "but the teams of this assignment are said not to hand in together"
            )
        elif sheet:
            _join(entry, name, number, sheet, hidden=hidden)


def _are_hidden(found: Iterable[tuple[str, str]]) -> bool:
    """Whether the names are hidden, by the word "Participant" in the site's language."""
    numbers, names = {number for _, number in found}, {name for name, _ in found}
    return len(names) == 1 and (len(numbers) > 1 or names == {"Participant"})


def _are_teams(found: Iterable[tuple[str, str]], known: Known) -> bool:
    """Whether the entries are teams'. In one assignment all are, or none is."""
    if known.teams is not None:
        return known.teams
    if known.worksheet:
        return known.worksheet.has_teams
    if any(not number for _, number in found):
        return True
    ids = {student.id for student in known.roster}
    groups = {_key(student.group) for student in known.roster if student.group}
    people = {_key(student.name) for student in known.roster}
    return any(number not in ids and _key(name) in groups - people for name, number in found)


def _assign_team(entry: Entry, name: str, number: str, known: Known, *, is_alone: bool) -> None:
    """The members of a team, from the worksheet, else from the roster; else the team is one."""
    origin = replace(entry.origin, team=name, team_id=number)
    members: list[Student] = []
    rows = _rows(name, known.worksheet) if known.worksheet and is_alone else []
    if rows and known.worksheet:
        members = [_student(row) for row in rows]
        entry.handed_in = _handed_in(rows, known.worksheet)
    elif is_alone and number and not known.worksheet:
        members = _members(name, known)
        origin = replace(origin, platform_ids=False)
    if not members:
        shown = name if is_alone else _shown(name, number)
        members = [Student(f"team:{shown}", shown)]
        origin = replace(origin, platform_ids=False)
        entry.remarks.append(f"the members of the team {shown} are unknown, {_how(known)}")
    entry.students, entry.origin = members, origin


def _how(known: Known) -> str:
    if known.worksheet:
        return "expected one group of that name in the worksheet"
    return "so it is marked as one: give Moodle's grading worksheet, which lists them"


def _rows(team: str, sheet: Worksheet) -> list[Participant]:
    """The team's rows; none if two groups have names that the download writes alike."""
    rows = [one for one in sheet.participants.values() if _key(one.team) == _key(team)]
    return rows if len({one.team for one in rows}) == 1 else []


def _members(team: str, known: Known) -> list[Student]:
    members = [one for one in known.roster if one.group and _key(one.group) == _key(team)]
    return members if len({one.group for one in members}) == 1 else []


def _expect_own_worksheet(found: dict[tuple[str, str], Entry], sheet: Worksheet) -> None:
    """Raises CannotGrade where the worksheet gives most numbers to other names.

    Each assignment numbers its participants anew.
    """
    listed = [(name, sheet.participants[n]) for name, n in found if n in sheet.participants]
    if not listed:
        raise CannotGrade(f"{sheet.path} lists nobody of this download, {_OWN}")
    other = [(name, row) for name, row in listed if not _agree(name, row)]
    if 2 * len(other) <= len(listed):
        return
    name, row = other[0]
    raise CannotGrade(
        f"{sheet.path}: Participant {row.id} is {one_line(row.name)}, but {one_line(name)} in the "
        f"download, {_OWN}"
    )


_OWN = "expected the worksheet of the same assignment"


def _agree(name: str, row: Participant) -> bool:
    return not row.name or _key(row.name) == _key(name)


def _join(entry: Entry, name: str, number: str, sheet: Worksheet, *, hidden: bool) -> None:
    """Take name, address and time from the participant's row."""
    row = sheet.participants.get(number)
    if row is None:
        entry.remarks.append(f"{_shown(name, number)} is not in the worksheet {sheet.path.name}")
    elif not hidden and not _agree(name, row):
        entry.remarks.append(
            f"{_shown(name, number)} is {one_line(row.name)} in the worksheet {sheet.path.name}, "
            "of which nothing is used for it"
        )
    else:
        entry.students = [_student(row, name)]
        entry.handed_in = _handed_in([row], sheet)


def _student(row: Participant, name: str = "") -> Student:
    return Student(row.id, row.name or name or row.id, row.email)


def _handed_in(rows: list[Participant], sheet: Worksheet) -> HandedIn:
    """The last change; late if all are: single members may have an extension."""
    times = [row.modified for row in rows if row.modified]
    late = {row.is_late for row in rows}
    if not times:
        return HandedIn()
    source = f"{SOURCE}, its times read as {sheet.zone}"
    return HandedIn(max(times), late.pop() if len(late) == 1 else None, source)


@lru_cache(maxsize=50_000)  # each name is compared with all others
def _key(name: str) -> str:
    """A name as the download writes it, for comparing.

    >>> _key("Team_Rot: A/B") == _key("Team Rot AB")
    True
    """
    text = unicodedata.normalize("NFC", _REMOVED.sub("", name.replace("_", " ")))
    return " ".join(text.split())
