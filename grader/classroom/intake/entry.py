"""One submission of a class: whose it is, where it lay, when it was handed in."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from pathlib import PurePosixPath

from grader.classroom.listing import NOTHING, File
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.worksheet import Worksheet
from grader.errors import SubmissionError
from grader.submission.bounds import bounded_reading, bounded_readings
from grader.submission.names import Aliases
from grader.submission.reading import NO_ALIASES, Submission, gather, reading

MAX_NAMED = 1_000  # files of a submission whose names are kept; five are expected


@dataclass
class Entry:
    """The submission of one student or group. `remarks` are lines for the instructor."""

    students: list[Student]
    where: str
    files: list[File] = field(default_factory=list)
    problem: str = ""
    is_missing: bool = False  # could not be fetched: no attempt, and no mark
    is_stray: bool = False  # nobody's: a file or folder whose name tells no student
    handed_in: HandedIn = field(default_factory=HandedIn)
    origin: Origin = field(default_factory=Origin)
    remarks: list[str] = field(default_factory=list)

    def open(self, aliases: Aliases = NO_ALIASES) -> Submission:
        """The submission. Raises SubmissionError, with one line, where it cannot be read."""
        return bounded_reading(self.where, lambda: self._gathered(aliases))

    def _gathered(self, aliases: Aliases) -> Submission:
        if self.problem:
            raise SubmissionError(self.problem)
        with reading(self.where):
            files = ((file.path, file.read) for file in self.files)
            return gather(self.students[0].id, self.where, files, aliases)


def opened(
    entries: Sequence[Entry], aliases: Aliases = NO_ALIASES
) -> Generator[Submission | SubmissionError]:
    """What `open` returns or raises for each entry, in turn; quicker than one by one."""
    yield from bounded_readings(
        (entry.where, partial(Entry._gathered, entry, aliases)) for entry in entries
    )


@dataclass(frozen=True)
class Known:
    """What is known beside the download: the roster, Moodle's worksheet, the zone of its times.

    `teams` says whether Moodle's folders are teams'; None if that is to be found out.
    """

    roster: Sequence[Student] = ()
    worksheet: Worksheet | None = None
    zone: tzinfo = UTC
    teams: bool | None = None


ODD = "is named differently from the rest of the download"


def stray(top: str, platform: str, why: str = ODD) -> Entry:
    """The entry of a file or folder whose student is unknown; `why` is a clause about it."""
    problem = f"{top} {why}, so its student is unknown, and it is not marked"
    origin = Origin(platform, platform_ids=False)
    nobody = Student(top, top)
    return Entry([nobody], top, problem=problem, is_missing=True, is_stray=True, origin=origin)


def names_of(files: Sequence[File]) -> tuple[str, ...]:
    """The names of files in the download, each once."""
    named = (file.name for file in files if file.path.name != NOTHING)
    return tuple(dict.fromkeys(named))[:MAX_NAMED]


def below_top(file: File, name: str = "") -> File:
    """The file without the first folder of its path, or under `name` if it is in none."""
    return file.moved(PurePosixPath(*(file.path.parts[1:] or (name or file.path.name,))))
