"""Canvas's download: lovelaceada_LATE_1234_56789_numpy_ann.py, ids of student and file, file.

Source of the names: instructure/canvas-lms, lib/content_zipper.rb; of groups:
app/models/abstract_assignment.rb.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from pathlib import PurePosixPath

from grader.classroom.intake.entry import Entry, Known, below_top, names_of, stray
from grader.classroom.listing import File
from grader.classroom.people import HandedIn, Origin, Student
from grader.submission.names import EXACT

LATE = HandedIn(is_late=True, source="Canvas's LATE mark in the file names")
IN_TIME = HandedIn(is_late=False, source="Canvas's LATE mark, which the file names do not have")

# Students choose the names of their files, and sometimes their own, which may contain numbers too.
_ANONYMOUS = r"anon_(?=[0-9]*[A-Za-z])[A-Za-z0-9]{5}"
_NAME = re.compile(
    rf"(?P<place>(?:(?!LATE_|{_ANONYMOUS}_[0-9]+_)(?P<name>.*?)_)?(?P<late>LATE_)?"
    rf"(?P<id>[0-9]+|{_ANONYMOUS}))_(?:[0-9]+_(?P<file>.+)|text\.html|link\.html)"
)
# Where a student's id can stand. Two such places in a name make it ambiguous.
_IDS = re.compile(r"(?=_[0-9]+_[0-9]+_)")
# Canvas calls the second file with one name numpy_ann-1.py.
_COPY = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{1,9})")


def fits(top: str) -> bool:
    """Whether a name at the top of a download is as Canvas writes them."""
    return bool(_NAME.fullmatch(top))


def canvas(files: list[File], work: set[str], known: Known) -> list[Entry]:
    """The entries; what is in `work` and named otherwise is nobody's."""
    found: dict[str, list[tuple[re.Match[str], File]]] = defaultdict(list)
    strays = {}
    for file in files:
        top = file.path.parts[0]
        match = _NAME.fullmatch(top) if len(_IDS.findall(top)) < 2 else None
        if match:
            # one student may come with two names, which is found out and refused later
            key = f"{match['id']} {match['name']}"
            found[key].append((match, below_top(file, match["file"] or top)))
        elif top in work or fits(top):
            strays[top] = stray(top, "canvas")
    return [*(_entry(parts, known) for parts in found.values()), *strays.values()]


def _entry(parts: list[tuple[re.Match[str], File]], known: Known) -> Entry:
    match = parts[0][0]
    student = Student(match["id"], match["name"] or match["id"])
    files = [file for _, file in parts]
    entry = Entry(
        [student],
        f"{student.name} ({student.id})",
        _latest(files),
        handed_in=LATE if any(one["late"] for one, _ in parts) else IN_TIME,
        origin=Origin("canvas", match["place"], names_of(files)),
    )
    _share(entry, known)
    return entry


def _share(entry: Entry, known: Known) -> None:
    """Give a group's work to its members, where the roster has the id that it came with in a group
    of that name. Then the roster's ids are Canvas's own."""
    (student,) = entry.students
    listed = next((one for one in known.roster if one.id == student.id), None)
    if listed is None or not listed.group or _sanitised(listed.group) != _sanitised(student.name):
        return
    groups = {
        one.group for one in known.roster if _sanitised(one.group) == _sanitised(student.name)
    }
    if len(groups) > 1:
        return
    entry.students = [one for one in known.roster if one.group == listed.group]
    entry.where = f"{listed.group} ({student.id})"
    entry.origin = Origin(
        "canvas", entry.origin.place, entry.origin.files, team=listed.group, team_id=student.id
    )
    entry.remarks.append(
        f"{listed.group} is a group of the roster: its {len(entry.students)} members share the mark"
    )


def _sanitised(name: str) -> str:
    """A name without what Canvas removes from it, and without case.

    >>> _sanitised("Team Rot!") == _sanitised("teamrot")
    True
    """
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name).casefold())


def _latest(files: list[File]) -> list[File]:
    """The files, of numbered copies (numpy_ann.py, numpy_ann-1.py) only the last, unnumbered."""
    ranked: dict[PurePosixPath, tuple[int, File]] = {}
    for file in files:
        path, number = file.path, 0
        match = _COPY.fullmatch(path.stem)
        meant = path.with_name(match["stem"] + path.suffix) if match else path
        if match and meant.name in EXACT:
            path, number = meant, int(match["number"])
        if path not in ranked or ranked[path][0] <= number:
            ranked[path] = number, file.moved(path)
    return [file for _, file in ranked.values()]
