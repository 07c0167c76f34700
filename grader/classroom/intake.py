"""A class's submissions, one entry a student, from a folder or from the zip that a learning platform hands out.

    plain        ada/…, bob.zip, eve_numpy_ann.py: one folder, archive or group of files a student
    Moodle       "Ada Lovelace_1234567_assignsubmission_file/…", or the same name in front of each file
    Canvas       lovelaceada_LATE_1234_56789_numpy_ann.py: name, mark of lateness, student's and file's number, file
    Gradescope   submission_1234/… beside submission_metadata.yml, which names the submitters

What the platform wrote is the instructor's and trusted to be large; what a student wrote is read under submission.py's limits.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from grader.archives import Read, is_ignored
from grader.errors import CannotGrade, SubmissionError
from grader.render.text import one_line
from grader.submission import ARCHIVES, CHECKLIST, Submission, folder_entries, gather, open_archive

NAMED = (*CHECKLIST, *(name.replace(".py", ".ipynb") for name in CHECKLIST if name.endswith(".py")))
METADATA = "submission_metadata.yml"
PROBLEM = ".problem"  # ada.problem says why Ada's submission could not be fetched; there is no submission then
MAX_METADATA = 50_000_000  # bytes; a class of a thousand has one
MAX_ARCHIVE = 500_000_000  # bytes of a student's own archive inside the platform's

_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_file(?:_(?P<file>.*))?")
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
_GRADESCOPE = re.compile(r"submission_\d+")
_COPY = re.compile(r"(?P<stem>.+)-(?P<number>\d+)")  # Canvas: the second file of one name is numpy_ann-1.py

File = tuple[PurePosixPath, Read]


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
        packed = [(path, read) for path, read in self.files if path.name.lower().endswith(ARCHIVES)]
        if named or not packed:
            return gather(name, self.where, iter(self.files))
        if len(packed) > 1:
            found = ", ".join(sorted(path.name for path, _ in packed))
            raise SubmissionError(f"{self.where} holds several archives ({found}), expected one")
        path, read = packed[0]
        return open_archive(name, f"{self.where}/{path.name}", read(MAX_ARCHIVE))


@contextmanager
def entries(path: Path) -> Iterator[list[Entry]]:
    """The entries of a class, by the first student's id; they can be opened while this lasts.

    Raises CannotGrade where there is no class: no such folder, a damaged zip, or nothing in it.
    """
    if path.is_dir():
        try:
            yield _sorted(_arranged(list(_folder(path))), path)
        except OSError as error:
            raise CannotGrade(f"{path} cannot be read ({error.strerror}: {Path(error.filename or '?').name})") from None
    elif path.is_file() and path.name.lower().endswith(".zip"):
        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise CannotGrade(f"{path} cannot be read ({error}), expected a whole zip") from None
        with archive:
            yield _sorted(_arranged(list(_zip(archive))), path)
    else:
        what = "is neither" if path.exists() else "does not exist, expected"
        raise CannotGrade(f"{path} {what} a folder of submissions or the zip that the platform hands out")


def _folder(path: Path) -> Iterator[File]:
    """Files at any depth; folders without any stand for themselves, so that nobody is forgotten."""
    for top in sorted(path.iterdir()):
        if top.is_dir() and not top.is_symlink() and not is_ignored(PurePosixPath(top.name)):
            found = [(PurePosixPath(top.name) / inner, read) for inner, read in folder_entries(top)]
            yield from found or [(PurePosixPath(top.name) / ".nothing", _nothing)]
        elif stat.S_ISREG(top.lstat().st_mode):
            yield PurePosixPath(top.name), _reader(top)


def _nothing(limit: int) -> bytes:
    return b""


def _reader(path: Path) -> Read:
    def read(limit: int) -> bytes:
        with path.open("rb") as stream:
            return stream.read(limit)

    return read


def _zip(archive: zipfile.ZipFile) -> Iterator[File]:
    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if info.is_dir() or path.is_absolute() or ".." in path.parts:
            continue

        def read(limit: int, info: zipfile.ZipInfo = info) -> bytes:
            try:
                with archive.open(info) as stream:
                    return stream.read(limit)
            except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
                raise SubmissionError(f"{one_line(info.filename)} cannot be unpacked ({error})") from None

        yield path, read


def _arranged(files: list[File]) -> list[Entry]:
    """The entries, by the platform whose names the files have; zips often have one folder around everything."""
    files = [(path, read) for path, read in files if not is_ignored(path) and path.name != ".DS_Store"]
    while files:
        tops = {path.parts[0] for path, _ in files}
        if METADATA in tops:
            return _gradescope(files)
        for pattern in (_MOODLE, _CANVAS):
            if all(pattern.fullmatch(top) for top in tops):
                return _by_name(files, pattern)
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
    return several or METADATA in inner or any(_MOODLE.fullmatch(top) or _CANVAS.fullmatch(top) for top in inner)


def _by_name(files: list[File], pattern: re.Pattern[str]) -> list[Entry]:
    """Moodle's and Canvas's way: the student in the first part of each path, and the file's name after it or below it."""
    found: dict[str, Entry] = {}
    for path, read in files:
        match = pattern.fullmatch(path.parts[0])
        assert match is not None  # the layout was chosen by it
        student = Student(match["id"], match["name"])
        entry = found.setdefault(student.id, Entry([student], f"{student.name} ({student.id})"))
        parts = path.parts[1:] or (match["file"] or path.name,)
        entry.files.append((PurePosixPath(*parts), read))
    for entry in found.values():
        entry.files = _latest(entry.files)
    return list(found.values())


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
    read = next(read for path, read in files if path == PurePosixPath(METADATA))
    known = _submitters(read(MAX_METADATA))
    found: dict[str, Entry] = {}
    for path, reader in files:
        top = path.parts[0]
        if _GRADESCOPE.fullmatch(top) and len(path.parts) > 1:
            entry = found.setdefault(top, Entry(known.get(top) or [Student(top, top)], top))
            entry.files.append((PurePosixPath(*path.parts[1:]), reader))
    for top, students in known.items():
        found.setdefault(top, Entry(students, top, problem=f"{top} is listed in {METADATA}, but its folder is missing"))
    return list(found.values())


def _submitters(content: bytes) -> dict[str, list[Student]]:
    """The students by folder. Raises CannotGrade for a list that cannot be read."""
    import yaml

    try:
        table = yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return {str(top): [_submitter(who) for who in entry[":submitters"]] for top, entry in table.items()}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise CannotGrade(f"{METADATA} cannot be read ({one_line(str(error))}), expected Gradescope's list") from None


def _submitter(who: dict[str, Any]) -> Student:
    identity = who.get(":sid") or who.get(":email") or who.get(":name")
    if identity is None:
        raise ValueError("a submitter without :sid, :email and :name")
    return Student(str(identity), str(who.get(":name") or identity))


def _plain(files: list[File]) -> list[Entry]:
    """One folder or archive a student, or loose files with the student's name in front."""
    groups: dict[str, dict[str, list[File]]] = defaultdict(lambda: defaultdict(list))
    found = []
    for path, read in files:
        top = path.parts[0]
        if len(path.parts) > 1:
            groups[top][f"{top}/"].append((PurePosixPath(*path.parts[1:]), read))
        elif top.lower().endswith(ARCHIVES):
            groups[re.sub(r"(?i)\.(zip|tar\.gz|tgz)$", "", top)][top].append((path, read))
        elif top.endswith(PROBLEM):
            found.append(_missing(top.removesuffix(PROBLEM), read))
        elif loose := _loose(top):
            groups[loose[0]][f"{loose[0]}_…"].append((PurePosixPath(loose[1]), read))
    for name, places in groups.items():
        if len(places) == 1:
            ((where, own),) = places.items()
            found.append(Entry([Student(name, name)], where, own))
        else:
            problem = f"{name} is there more than once ({', '.join(sorted(places))}), expected one submission a student"
            found.append(Entry([Student(name, name)], name, problem=problem))
    return found


def _missing(name: str, read: Read) -> Entry:
    reason = one_line(read(1000).decode("utf-8", "replace"))
    return Entry([Student(name, name)], name, problem=f"not fetched: {reason}", is_missing=True)


def _loose(name: str) -> tuple[str, str] | None:
    """The student and the file of eve_numpy_ann.py."""
    for file in NAMED:
        if name.endswith(file) and (student := name[: -len(file)].rstrip("_- ")):
            return student, file
    return None


def _sorted(found: list[Entry], path: Path) -> list[Entry]:
    if not found:
        raise CannotGrade(f"{path} holds no submission, expected a folder, archive or notebooks for each student")
    return sorted(found, key=lambda entry: entry.students[0].id)
