"""A class's submissions, one entry a student, from a folder or from the zip that a learning platform hands out.

    plain        ada/…, bob.zip, eve_numpy_ann.py: one folder, archive or group of files a student
    Moodle       "Ada Lovelace_1234567_assignsubmission_file/…", or the same name in front of each file
    Canvas       lovelaceada_LATE_1234_56789_numpy_ann.py: name, mark of lateness, student's and file's number, file
    Gradescope   submission_1234/… beside submission_metadata.yml, which names the submitters

What the platform wrote is the instructor's and trusted to be large; what a student wrote is read under submission.py's limits.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from grader.classroom.listing import File, folder_files, without_ignored, zip_files
from grader.errors import CannotGrade, SubmissionError
from grader.report.text import one_line
from grader.submission.archives import Read
from grader.submission.reading import ARCHIVES, CHECKLIST, Submission, gather, open_archive, reading

NAMED = (*CHECKLIST, *(name.replace(".py", ".ipynb") for name in CHECKLIST if name.endswith(".py")))
METADATA = "submission_metadata.yml"
_METADATA = PurePosixPath(METADATA)
PROBLEM = ".problem"  # ada.problem says why Ada's submission could not be fetched; there is no submission then
MAX_METADATA = 50_000_000  # bytes; a class of a thousand has one
OTHER_ARCHIVES = (
    ".rar",
    ".7z",
    ".tar",
    ".tar.bz2",
    ".tar.xz",
)  # are somebody's work too, which is not read
MAX_ARCHIVE = 500_000_000  # bytes of a student's own archive inside the platform's

# Students choose the names of their files, and some their own: what looks like a number in one need not be theirs.
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<id>[0-9]+)_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?"
)
_MOODLE_FOLDER = re.compile(
    r"(?P<name>.+)_(?P<id>[0-9]+)_assignsubmission_(?:file|onlinetext)_?(?P<file>)"
)
_ANONYMOUS = r"anon_(?=[0-9]*[A-Za-z])[A-Za-z0-9]{5}"
_CANVAS = re.compile(
    rf"(?:(?!LATE_|{_ANONYMOUS}_[0-9]+_)(?P<name>.*?)_)?(?:LATE_)?(?P<id>[0-9]+|{_ANONYMOUS})_"
    r"(?:[0-9]+_(?P<file>.+)|text\.html|link\.html)"
)
# where a student's number can stand: twice in a name, and whose file it is can be read in two ways
_NUMBER = {
    _MOODLE: re.compile(r"(?=_[0-9]+_assignsubmission_)"),
    _CANVAS: re.compile(r"(?=_[0-9]+_[0-9]+_)"),
}
_GRADESCOPE = re.compile(r"submission_\d+")
_COPY = re.compile(
    r"(?P<stem>.+)-(?P<number>[0-9]{1,9})"
)  # Canvas: the second file of one name is numpy_ann-1.py


@dataclass(frozen=True)
class Student:
    """Who handed in: an id that stays the same from one download to the next, and a name for people."""

    id: str
    name: str


@dataclass
class Entry:
    """What one student, or one group, handed in."""

    students: list[Student]
    where: str
    files: list[File] = field(default_factory=list)
    problem: str = ""
    is_missing: bool = False  # it could not be fetched: no attempt of the student's, and no mark

    def open(self) -> Submission:
        """The submission. Raises SubmissionError with one line where there is none to be had."""
        if self.problem:
            raise SubmissionError(self.problem)
        name = self.students[0].id
        named = [path for path, _ in self.files if path.name in NAMED]
        packed = [
            (path, read)
            for path, read in self.files
            if path.name.lower().endswith((*ARCHIVES, *OTHER_ARCHIVES))
        ]
        with reading(self.where):
            if named or not packed:
                return gather(name, self.where, iter(self.files))
            if len(packed) > 1:
                found = ", ".join(sorted(path.name for path, _ in packed))
                raise SubmissionError(
                    f"{self.where} holds several archives ({found}), expected one"
                )
            path, read = packed[0]
            if not path.name.lower().endswith(ARCHIVES):
                raise SubmissionError(
                    f"{self.where} holds {path.name}, expected a .zip, .tar.gz or .tgz"
                )
            where = (
                self.where if self.where == path.name else f"{self.where.rstrip('/')}/{path.name}"
            )
            return open_archive(name, where, read(MAX_ARCHIVE))


@contextmanager
def entries(path: Path) -> Iterator[list[Entry]]:
    """The entries of a class, by the first student's id; they can be opened while this lasts.

    Raises CannotGrade where there is no class: no such folder, a damaged zip, or nothing in it.
    """
    with ExitStack() as stack:
        found = _arranged(_files(path, stack))
        if not found:
            raise CannotGrade(
                f"{path} holds no submission, expected a folder, archive or notebooks for each student"
            )
        yield sorted(_once_each(found), key=lambda entry: entry.students[0].id)


def _files(path: Path, stack: ExitStack) -> list[File]:
    if path.is_dir():
        try:
            return list(folder_files(path))
        except OSError as error:
            raise CannotGrade(
                f"{path} cannot be read ({error.strerror}: {Path(error.filename or '?').name})"
            ) from None
    if path.is_file() and path.name.lower().endswith(".zip"):
        try:
            return list(zip_files(stack.enter_context(zipfile.ZipFile(path))))
        except Exception as error:  # a damaged archive makes its reader raise nearly anything
            raise CannotGrade(f"{path} cannot be read ({error}), expected a whole zip") from None
    what = "is neither" if path.exists() else "does not exist, expected"
    raise CannotGrade(
        f"{path} {what} a folder of submissions or the zip that the platform hands out"
    )


def _arranged(files: list[File]) -> list[Entry]:
    """The entries, by the platform whose names the files have; zips often have one folder around everything."""
    files = without_ignored(files)
    while files:
        tops = {path.parts[0] for path, _ in files}
        if any(path == _METADATA for path, _ in files):
            return _gradescope(files)
        work = {
            path.parts[0]
            for path, _ in files
            if len(path.parts) > 1 or path.name.endswith((*NAMED, *ARCHIVES))
        }
        # the one that names most: a student's files can look like another one's; a gradebook that lies there too like none
        pattern = max(
            (_MOODLE, _CANVAS),
            key=lambda pattern: sum(bool(pattern.fullmatch(top)) for top in tops),
        )
        own = {top for top in tops if pattern.fullmatch(top)}
        if 2 * len(own) > len(own | work):
            return _by_name(files, pattern, work)
        inner = [(PurePosixPath(*path.parts[1:]), read) for path, read in files]
        if not _is_wrapper(tops, {path.parts[0] for path, _ in inner if path.parts}):
            break
        files = inner
    return _plain(files)


def _is_wrapper(tops: set[str], inner: set[str]) -> bool:
    """Whether there is one folder around several students; around one, it is taken for that student's own."""
    if len(tops) > 1 or not inner:
        return False
    several = len(inner) > 1 and not inner & {*NAMED, "data"}
    return (
        several
        or METADATA in inner
        or any(_MOODLE.fullmatch(top) or _CANVAS.fullmatch(top) for top in inner)
    )


def _by_name(files: list[File], pattern: re.Pattern[str], work: set[str]) -> list[Entry]:
    """Moodle's and Canvas's way: the student in the first part of each path, and the file's name after it or below it."""
    found: dict[Student, Entry] = {}
    for path, read in files:
        top = path.parts[0]
        match = _whose(top, pattern, is_folder=len(path.parts) > 1)
        if match is not None:
            student = Student(match["id"], match["name"] or match["id"])
            entry = found.setdefault(student, Entry([student], f"{student.name} ({student.id})"))
            entry.files.append(
                (PurePosixPath(*(path.parts[1:] or (match["file"] or path.name,))), read)
            )
        elif top in work or pattern.fullmatch(top):
            stray = Student(top, top)
            problem = f"{top} is named otherwise than the rest of the download, so whose it is cannot be told, and it is not marked"
            found.setdefault(stray, Entry([stray], top, problem=problem, is_missing=True))
    for entry in found.values():
        entry.files = _latest(entry.files)
    return list(found.values())


def _whose(top: str, pattern: re.Pattern[str], *, is_folder: bool) -> re.Match[str] | None:
    """Name, id and file in what the platform wrote; None where it did not write it, or it can be read in two ways."""
    if is_folder and pattern is _MOODLE:
        return _MOODLE_FOLDER.fullmatch(top)
    return pattern.fullmatch(top) if len(_NUMBER[pattern].findall(top)) < 2 else None


def _latest(files: list[File]) -> list[File]:
    """Of copies that the platform has numbered (numpy_ann.py, numpy_ann-1.py) the last, under the name that was meant."""
    ranked: dict[PurePosixPath, tuple[int, Read]] = {}
    for path, read in files:
        match = _COPY.fullmatch(path.stem)
        meant = path.with_name(match["stem"] + path.suffix) if match else path
        number = 0
        if match and meant.name in NAMED:
            path, number = meant, int(match["number"])
        if path not in ranked or ranked[path][0] <= number:
            ranked[path] = number, read
    return [(path, read) for path, (_, read) in ranked.items()]


def _gradescope(files: list[File]) -> list[Entry]:
    """Gradescope's way: folders by number, and a list of who handed in which."""
    read = next(read for path, read in files if path == _METADATA)
    known = _submitters(read(MAX_METADATA))
    found: dict[str, Entry] = {}
    for path, reader in files:
        top = path.parts[0]
        if _GRADESCOPE.fullmatch(top) and len(path.parts) > 1:
            entry = found.setdefault(top, Entry(known.get(top) or [Student(top, top)], top))
            entry.files.append((PurePosixPath(*path.parts[1:]), reader))
    for top, students in known.items():
        problem = f"{top} is listed in {METADATA}, but its folder is missing"
        found.setdefault(top, Entry(students or [Student(top, top)], top, problem=problem))
    return list(found.values())


def _submitters(content: bytes) -> dict[str, list[Student]]:
    """The students by folder. Raises CannotGrade for a list that cannot be read."""
    import yaml

    try:
        # everything as the text that it is: an id of 0042 is no number
        table = yaml.load(content, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        return {
            top: [_submitter(who) for who in entry[":submitters"]] for top, entry in table.items()
        }
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise CannotGrade(
            f"{METADATA} cannot be read ({one_line(str(error))}), expected Gradescope's list"
        ) from None


def _submitter(who: dict[str, Any]) -> Student:
    identity = who.get(":sid") or who.get(":email") or who.get(":name")
    if not identity:
        raise ValueError("a submitter without :sid, :email and :name")
    return Student(str(identity), str(who.get(":name") or identity))


def _once_each(found: list[Entry]) -> list[Entry]:
    """The entries with everybody in one alone. An id that comes with two submissions or names is named, and not marked:

    students write their names and ids themselves on some platforms, and nobody gets another one's mark.
    """
    claims: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for entry in found:
        for student in entry.students:
            claims[student.id].add((entry.where, student.name))
    kept = []
    for entry in found:
        students = [
            student for student in dict.fromkeys(entry.students) if len(claims[student.id]) == 1
        ]
        if students:
            kept.append(replace(entry, students=students))
    for one, claim in claims.items():
        if len(claim) > 1:
            told = " and ".join(f"{name} in {where}" for where, name in sorted(claim))
            problem = f"the id {one} is {told}, expected one submission for each id; none of these is marked for it"
            kept.append(Entry([Student(one, one)], one, problem=problem, is_missing=True))
    return kept


def _plain(files: list[File]) -> list[Entry]:
    """One folder or archive a student, or loose files with the student's name in front."""
    groups: dict[str, dict[str, list[File]]] = defaultdict(lambda: defaultdict(list))
    found = []
    for path, read in files:
        top = path.parts[0]
        ending = next(
            (kind for kind in (*ARCHIVES, *OTHER_ARCHIVES) if top.lower().endswith(kind)), ""
        )
        if len(path.parts) > 1:
            groups[_composed(top)][f"{top}/"].append((PurePosixPath(*path.parts[1:]), read))
        elif ending:
            groups[_composed(top[: -len(ending)])][top].append((path, read))
        elif top.endswith(PROBLEM):
            found.append(_missing(_composed(top.removesuffix(PROBLEM)), read))
        elif loose := _loose(top):
            student, file = loose
            groups[_composed(student)][f"{top.removesuffix(file)}…"].append(
                (PurePosixPath(file), read)
            )
    for name, places in groups.items():
        if len(places) == 1:
            ((where, own),) = places.items()
            found.append(Entry([Student(name, name)], where, own))
        else:
            problem = f"{name} is there more than once ({', '.join(sorted(places))}), expected one submission a student"
            found.append(Entry([Student(name, name)], name, problem=problem))
    return found


def _composed(name: str) -> str:
    """The name in Unicode's composed form: macOS takes é apart into e and an accent, and it is the same student."""
    return unicodedata.normalize("NFC", name)


def _missing(name: str, read: Read) -> Entry:
    reason = one_line(read(1000).decode("utf-8", "replace"))
    return Entry([Student(name, name)], name, problem=f"not fetched: {reason}", is_missing=True)


def _loose(name: str) -> tuple[str, str] | None:
    """The student and the file of eve_numpy_ann.py."""
    for file in NAMED:
        if name.endswith(file) and (student := name[: -len(file)].rstrip("_- ")):
            return student, file
    return None
