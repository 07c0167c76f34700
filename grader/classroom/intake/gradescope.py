"""Gradescope's export: submission_1234/… beside submission_metadata.yml, which lists submitters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import Any

from grader.classroom.intake.entry import Entry, Known, below_top, names_of, stray
from grader.classroom.listing import File
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.times import iso_time
from grader.errors import CannotGrade
from grader.report.text import one_line

METADATA = "submission_metadata.yml"
MAX_METADATA = 50_000_000  # bytes; a class of 1,000 has 1,000,000
SOURCE = "Gradescope's submission metadata"
_PATH = PurePosixPath(METADATA)
_FOLDER = re.compile(r"submission_\d+")


@dataclass(frozen=True)
class _Listed:
    """A submission in the list."""

    students: list[Student]
    handed_in: HandedIn


def is_gradescope(files: list[File]) -> bool:
    """Whether the list of submitters is there."""
    return any(file.path == _PATH for file in files)


def gradescope(files: list[File], work: set[str], known: Known) -> list[Entry]:
    """The entries; what is in `work` and named otherwise is nobody's.

    Raises CannotGrade for a list that cannot be read.
    """
    read = next(file.read for file in files if file.path == _PATH)
    listed = _listed(read(MAX_METADATA), known.zone)
    found: dict[str, Entry] = {}
    strays = {}
    for file in files:
        top = file.path.parts[0]
        if _FOLDER.fullmatch(top) and len(file.path.parts) > 1:
            entry = found.setdefault(top, _entry(top, listed.get(top)))
            entry.files.append(below_top(file))
        elif top in work:
            strays[top] = stray(top, "gradescope")
    for top, one in listed.items():
        if top not in found:
            found[top] = _entry(top, one)
            found[top].problem = f"{top} is listed in {METADATA}, but its folder is missing"
    for top, entry in found.items():
        is_listed = top in listed and bool(listed[top].students)
        entry.origin = Origin("gradescope", top, names_of(entry.files), platform_ids=is_listed)
    return [*found.values(), *strays.values()]


def _entry(top: str, listed: _Listed | None) -> Entry:
    if listed is None:
        return Entry([Student(top, top)], top)
    return Entry(listed.students or [Student(top, top)], top, handed_in=listed.handed_in)


def _listed(content: bytes, zone: tzinfo) -> dict[str, _Listed]:
    """The submissions by folder. Raises CannotGrade for a list that cannot be read."""
    import yaml

    try:
        # as text: an id of 0042 is no number
        table = yaml.load(content, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        return {
            top: _Listed([_submitter(who) for who in entry[":submitters"]], _time(entry, zone))
            for top, entry in table.items()
        }
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise CannotGrade(
            f"{METADATA} cannot be read ({one_line(str(error))}), expected Gradescope's list"
        ) from None


def _submitter(who: dict[str, Any]) -> Student:
    identity = who.get(":sid") or who.get(":email") or who.get(":name")
    if not identity:
        raise ValueError("a submitter without :sid, :email and :name")
    email = str(who.get(":email") or "")
    return Student(str(identity), str(who.get(":name") or identity), email)


def _time(entry: dict[str, Any], zone: tzinfo) -> HandedIn:
    at = iso_time(str(entry.get(":created_at") or ""), zone)
    return HandedIn(at, source=SOURCE) if at else HandedIn()
