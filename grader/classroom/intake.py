"""A class's submissions, one entry per student, from a folder or a learning platform's zip.

    plain        ada/…, bob.zip, eve_numpy_ann.py: a folder, archive or group of files per student
    Moodle       "Ada Lovelace_1234567_assignsubmission_file/…", or that prefix before each file
    Canvas       lovelaceada_LATE_1234_56789_numpy_ann.py: name, LATE, ids of student and file, file
    Gradescope   submission_1234/… beside submission_metadata.yml, which lists the submitters

The platform's own archive is the instructor's and may be large. Each student's files are read with
the limits of grader/submission.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from grader.classroom.listing import File, folder_files, without_ignored, zip_files
from grader.classroom.people import HandedIn, Origin, Student
from grader.errors import CannotGrade, SubmissionError
from grader.report.text import one_line
from grader.submission.archives import ARCHIVES, OTHER_ARCHIVES, Read
from grader.submission.bounds import bounded_reading
from grader.submission.names import EXACT as NAMED
from grader.submission.names import Aliases, slot
from grader.submission.reading import NO_ALIASES, Submission, gather, reading
from grader.submission.zips import open_zip

METADATA = "submission_metadata.yml"
_METADATA = PurePosixPath(METADATA)
PROBLEM = ".problem"  # ada.problem says why Ada's submission could not be fetched
MAX_FILES = 500_000  # of a class; its list takes a kilobyte for each
_TOO_MANY = f"holds more than {MAX_FILES:,} files, expected the submissions of a class"
MAX_METADATA = 50_000_000  # bytes; a class of 1,000 has 1,000,000

# Students choose the names of their files, and sometimes their own, which may contain numbers too.
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
# Where a student's id can stand. Two such places in a name make it ambiguous.
_NUMBER = {
    _MOODLE: re.compile(r"(?=_[0-9]+_assignsubmission_)"),
    _CANVAS: re.compile(r"(?=_[0-9]+_[0-9]+_)"),
}
_GRADESCOPE = re.compile(r"submission_\d+")
# Canvas calls the second file with one name numpy_ann-1.py.
_COPY = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{1,9})")


@dataclass
class Entry:
    """The submission of one student or group."""

    students: list[Student]
    where: str
    files: list[File] = field(default_factory=list)
    problem: str = ""
    is_missing: bool = False  # could not be fetched: no attempt, and no mark
    handed_in: HandedIn = field(default_factory=HandedIn)
    origin: Origin = field(default_factory=Origin)

    def open(self, aliases: Aliases = NO_ALIASES) -> Submission:
        """The submission. Raises SubmissionError, with one line, where it cannot be read."""
        if self.problem:
            raise SubmissionError(self.problem)
        return bounded_reading(self.where, lambda: self._gathered(aliases))

    def _gathered(self, aliases: Aliases) -> Submission:
        with reading(self.where):
            return gather(self.students[0].id, self.where, iter(self.files), aliases)


@contextmanager
def entries(path: Path) -> Iterator[list[Entry]]:
    """The entries of a class, sorted by the first student's id; to be opened inside the block.

    Raises CannotGrade for a missing folder, a damaged zip, or no submissions.
    """
    with ExitStack() as stack:
        found = _arranged(_files(path, stack))
        if not found:
            raise CannotGrade(
                f"{path} holds no submission, "
                "expected a folder, archive or notebooks for each student"
            )
        yield sorted(_once_each(found), key=lambda entry: entry.students[0].id)


def _files(path: Path, stack: ExitStack) -> list[File]:
    if path.is_dir():
        try:
            files = list(islice(folder_files(path), MAX_FILES + 1))
        except OSError as error:
            raise CannotGrade(
                f"{path} cannot be read ({error.strerror}: {Path(error.filename or '?').name})"
            ) from None
        if len(files) > MAX_FILES:
            raise CannotGrade(f"{path} {_TOO_MANY}")
        return files
    if path.is_file() and path.name.lower().endswith(".zip"):
        try:
            stream = stack.enter_context(path.open("rb"))
            archive = stack.enter_context(open_zip(stream, MAX_FILES))
            return list(zip_files(archive))
        except SubmissionError:
            raise CannotGrade(f"{path} {_TOO_MANY}; unpack it, and give the folder") from None
        except Exception as error:  # its reader may raise anything for a damaged archive
            raise CannotGrade(f"{path} cannot be read ({error}), expected a whole zip") from None
    what = "is neither" if path.exists() else "does not exist, expected"
    raise CannotGrade(f"{path} {what} a folder of submissions or a learning platform's zip")


def _arranged(files: list[File]) -> list[Entry]:
    """The entries, by the naming scheme of a platform; one folder around everything is removed."""
    files = without_ignored(files)
    while files:
        tops = {path.parts[0] for path, _ in files}
        if any(path == _METADATA for path, _ in files):
            return _gradescope(files)
        work = {
            path.parts[0]
            for path, _ in files
            if len(path.parts) > 1 or path.name.endswith(ARCHIVES) or _loose(path.name)
        }
        # The scheme that most names fit: some student's files may fit the other by accident.
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
    """Whether one folder holds several students, and is not a single student's own."""
    if len(tops) > 1 or not inner:
        return False
    several = len(inner) > 1 and "data" not in inner and not any(map(slot, inner))
    return (
        several
        or METADATA in inner
        or any(_MOODLE.fullmatch(top) or _CANVAS.fullmatch(top) for top in inner)
    )


def _by_name(files: list[File], pattern: re.Pattern[str], work: set[str]) -> list[Entry]:
    """Entries of Moodle and Canvas, whose paths start with the student, followed by the file."""
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
            problem = (
                f"{top} is named differently from the rest of the download, "
                "so its student is unknown, and it is not marked"
            )
            found.setdefault(stray, Entry([stray], top, problem=problem, is_missing=True))
    for entry in found.values():
        entry.files = _latest(entry.files)
    return list(found.values())


def _whose(top: str, pattern: re.Pattern[str], *, is_folder: bool) -> re.Match[str] | None:
    """Name, id and file in a platform's file name; None for other names, or ambiguous ones."""
    if is_folder and pattern is _MOODLE:
        return _MOODLE_FOLDER.fullmatch(top)
    return pattern.fullmatch(top) if len(_NUMBER[pattern].findall(top)) < 2 else None


def _latest(files: list[File]) -> list[File]:
    """The files, of numbered copies (numpy_ann.py, numpy_ann-1.py) only the last, unnumbered."""
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
    """Entries of Gradescope: numbered folders, and a list of their submitters."""
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
        # as text: an id of 0042 is no number
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
    """The entries, without students whose id occurs with two submissions or two names.

    Those are reported and not marked: on some platforms students type their ids themselves, and
    nobody may get somebody else's mark.
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
            places = " and ".join(f"{name} in {where}" for where, name in sorted(claim))
            problem = (
                f"the id {one} is {places}, expected one submission for each id; "
                "none of them is marked for it"
            )
            kept.append(Entry([Student(one, one)], one, problem=problem, is_missing=True))
    return kept


def _plain(files: list[File]) -> list[Entry]:
    """Entries of a plain folder: a folder or archive per student, or files with a name prefix."""
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
            problem = (
                f"{name} occurs more than once ({', '.join(sorted(places))}), "
                "expected one submission per student"
            )
            found.append(Entry([Student(name, name)], name, problem=problem))
    return found


def _composed(name: str) -> str:
    """The name in NFC: macOS decomposes é into e and an accent, for the same student."""
    return unicodedata.normalize("NFC", name)


def _missing(name: str, read: Read) -> Entry:
    reason = one_line(read(1000).decode("utf-8", "replace"))
    return Entry([Student(name, name)], name, problem=f"not fetched: {reason}", is_missing=True)


def _loose(name: str) -> tuple[str, str] | None:
    """The student and the file in a name such as eve_numpy_ann.py; None for other names."""
    if slot(name):  # numpy_ann (1).py is nobody's
        return None
    starts = (at for at in range(1, min(len(name), 200)) if name[at - 1] in "_- ")
    near = next((at for at in starts if slot(name[at:])), 0)
    if student := name[:near].rstrip("_- "):
        return student, name[near:]
    for file in NAMED:
        if name.endswith(file) and (student := name[: -len(file)].rstrip("_- ")):
            return student, file
    return None
