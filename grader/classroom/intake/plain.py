"""A plain folder: a folder, archive or notebook for each student, or files with the name before.

`ada.problem` says why Ada's submission could not be fetched, `ada.handed_in` when a fetched one was
handed in; `grader roster fetch` writes both.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath

from grader.classroom.intake.entry import Entry, Known, below_top, names_of, stray
from grader.classroom.listing import File
from grader.classroom.people import FILE_TIMES, HandedIn, Origin, Student
from grader.classroom.times import in_zone, zone_name
from grader.report.text import one_line
from grader.submission.archives import ARCHIVES, OTHER_ARCHIVES
from grader.submission.names import EXACT, slot

PROBLEM = ".problem"
HANDED_IN = ".handed_in"
NOTEBOOK = ".ipynb"
_NOTES = (PROBLEM, HANDED_IN)
NAMELESS = "is no folder, archive or notebook, nor named like ada_numpy_ann.py"
# What instructors keep beside submissions: lists, settings, notes, gradebooks and their locks.
_BESIDE = (
    ".csv", ".tsv", ".xls", ".xlsx", ".ods", ".toml", ".yml", ".yaml", ".ini", ".txt", ".md", ".log",
    ".db", ".sqlite", ".sqlite3", "-wal", "-shm", "-journal", ".lock", ".bak", "~", "index.html",
    *_NOTES,
)  # fmt: skip
_RENAMED = re.compile(r"\.(?:py|ipynb|zip)\.")  # ada.ipynb.txt, as some browsers save it


def plain(files: list[File], work: set[str], known: Known) -> list[Entry]:
    """The entries of a plain folder; what is in `work` and names no student is nobody's."""
    groups: dict[str, dict[str, list[File]]] = defaultdict(lambda: defaultdict(list))
    notes: dict[str, File] = {}
    found = []
    strays = {}
    for file in files:
        top = file.path.parts[0]
        if len(file.path.parts) == 1 and top.endswith(_NOTES):
            notes[top] = file
        elif claim := _claim(file):
            student, place, path = claim
            groups[student][place].append(file.moved(path))
        elif top in work:
            strays[top] = stray(top, "", NAMELESS)
    for name, places in groups.items():
        found.append(_entry(name, places, known))
        note = notes.get(f"{name}{HANDED_IN}")
        if note:
            _fetched(found[-1], note)
    for top, note in notes.items():
        if top.endswith(PROBLEM):
            found.append(_missing(_composed(top.removesuffix(PROBLEM) or top), note))
    return [*found, *strays.values()]


def is_beside(name: str) -> bool:
    """Whether a file at the top is the instructor's, or hidden, and no student's work.

    >>> is_beside("roster.csv"), is_beside(".hidden"), is_beside("ada.py"), is_beside("ada.py.txt")
    (True, True, False, False)
    """
    low = name.lower()
    return low.startswith(".") or (low.endswith(_BESIDE) and not _RENAMED.search(low))


def submitters(files: list[File]) -> set[str]:
    """The students whose files include a script of the checklist, a notebook or an archive."""
    endings = (NOTEBOOK, *ARCHIVES, *OTHER_ARCHIVES)
    return {
        student
        for student, _, path in filter(None, map(_claim, files))
        if slot(path.name).endswith(".py") or path.name.lower().endswith(endings)
    }


def _claim(file: File) -> tuple[str, str, PurePosixPath] | None:
    """The student of a file, the place where that student's files lie, and the path in it."""
    top = file.path.parts[0]
    if len(file.path.parts) > 1:
        return _composed(top), f"{top}/", below_top(file).path
    endings = (*ARCHIVES, *OTHER_ARCHIVES)
    ending = next((kind for kind in endings if top.lower().endswith(kind)), "")
    if ending:
        return _composed(top[: -len(ending)] or top), top, file.path
    if named := loose(top):
        student, name = named
        return _composed(student), f"{top.removesuffix(name)}…", PurePosixPath(name)
    if top.lower().endswith(NOTEBOOK) and not slot(top):
        return _composed(top[: -len(NOTEBOOK)] or top), top, file.path
    return None


def _entry(name: str, places: dict[str, list[File]], known: Known) -> Entry:
    student = Student(name, name)
    if len(places) > 1:
        problem = (
            f"{name} occurs more than once ({', '.join(sorted(places))}), "
            "expected one submission per student"
        )
        return Entry([student], name, problem=problem)
    ((where, files),) = places.items()
    return Entry(
        [student],
        where,
        files,
        handed_in=_newest(files, known.zone),
        origin=Origin("", where.removesuffix("/").removesuffix("…"), names_of(files)),
    )


def _newest(files: list[File], zone: tzinfo) -> HandedIn:
    """The last change of the checklist's files; of an archive or another notebook, its own."""
    own = [file for file in files if slot(file.path.name)] or [
        file for file in files if file.path.name.lower().endswith((*ARCHIVES, NOTEBOOK))
    ]
    times = [time for file in own if (time := file.modified()) is not None]
    if not times:
        return HandedIn()
    source = FILE_TIMES
    if any(time.tzinfo is None for time in times):
        source += f", read as {zone_name(zone)}"
    return HandedIn(max(in_zone(time, zone) for time in times), source=source)


def _fetched(entry: Entry, note: File) -> None:
    """Take time and commit from what `grader roster fetch` noted."""
    try:
        found = json.loads(note.read(10_000))
        at = datetime.fromisoformat(found["at"])
        source, commit = str(found["source"]), str(found["commit"])
    except (ValueError, KeyError, TypeError):
        entry.remarks.append(f"{note.name} cannot be read, so its time is not known")
        entry.handed_in = HandedIn()
        return
    entry.handed_in = HandedIn(in_zone(at, UTC), source=one_line(source)[:200])
    entry.origin = replace(entry.origin, commit=one_line(commit)[:100])


def _missing(name: str, note: File) -> Entry:
    reason = one_line(note.read(1000).decode("utf-8", "replace"))
    return Entry([Student(name, name)], name, problem=f"not fetched: {reason}", is_missing=True)


def _composed(name: str) -> str:
    """The name in NFC: macOS decomposes é into e and an accent, for the same student."""
    return unicodedata.normalize("NFC", name)


def loose(name: str) -> tuple[str, str] | None:
    """The student and the file in a name such as eve_numpy_ann.py; None for other names."""
    if slot(name):  # numpy_ann (1).py is nobody's
        return None
    starts = (at for at in range(1, min(len(name), 200)) if name[at - 1] in "_- ")
    near = next((at for at in starts if slot(name[at:])), 0)
    if student := name[:near].rstrip("_- "):
        return student, name[near:]
    for file in EXACT:
        if name.endswith(file) and (student := name[: -len(file)].rstrip("_- ")):
            return student, file
    return None
