"""Fetches a class's repositories: from one commit of each, only the checklist's files.

A student's repository is never checked out. Its newest commit, or that of a deadline, is fetched
into an empty bare repository, from which regular files with the checklist's names are written out:
no links, hooks, filters or submodules.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from assignment.size_limits import MAX_PLOT
from grader.classroom.intake import HANDED_IN, PROBLEM
from grader.errors import CannotGrade
from grader.publish.commits import Commit, Source, newest, of_branch
from grader.publish.git import FetchFailed, git
from grader.report.text import one_line
from grader.sandbox.temporary import TemporaryFolder
from grader.submission.archives import is_ignored
from grader.submission.names import CHECKLIST, NOTEBOOKS

HEADER = ("student", "repository")
LIST = "roster.csv"
MAX_FILES = 100  # with the checklist's names in one repository; five are expected
# Some systems do not allow these in names, and GitHub rejects artifacts with them.
UNPORTABLE = set('\\:"<>|*?')
_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class RosterEntry:
    """One line of a roster. `ref` is fetched: HEAD, or that of a pull request."""

    student: str
    repository: str
    ref: str = "HEAD"


def read_roster(path: Path) -> list[RosterEntry]:
    """The entries of a CSV file. Raises CannotGrade with file and line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [
                (number, row) for number, row in enumerate(csv.reader(stream), start=1) if any(row)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CannotGrade(
            f"{path} cannot be read ({error}), expected CSV in UTF-8: {','.join(HEADER)}"
        ) from None
    if not rows or tuple(name.strip().lower() for name in rows[0][1]) != HEADER:
        raise CannotGrade(
            f"{path} begins with {rows[0][1] if rows else 'nothing'}, "
            f"expected the line {','.join(HEADER)}"
        )
    entries: dict[str, RosterEntry] = {}
    for number, row in rows[1:]:
        where = f"{path}, line {number}"
        if len(row) != len(HEADER):
            raise CannotGrade(
                f"{where}: {len(row)} columns, expected {len(HEADER)}: {','.join(HEADER)}"
            )
        entry = _entry(row[0].strip(), row[1].strip(), where)
        if entry.student.lower() in entries:
            raise CannotGrade(
                f"{where}: {entry.student} is listed twice, expected each student once"
            )
        entries[entry.student.lower()] = entry
    if not entries:
        raise CannotGrade(
            f"{path} lists no students, expected a line for each below {','.join(HEADER)}"
        )
    return list(entries.values())


def _entry(student: str, repository: str, where: str) -> RosterEntry:
    if not _STUDENT.fullmatch(student) or student.endswith((PROBLEM, HANDED_IN)):
        raise CannotGrade(
            f"{where}: the student is {student!r}, expected only letters, digits and . _ @ + -"
        )
    if not _REPOSITORY.fullmatch(repository) or PurePosixPath(repository).name in (".", ".."):
        raise CannotGrade(f"{where}: the repository is {repository!r}, expected owner/name")
    return RosterEntry(student, repository)


def single(repository: str, pull_request: str) -> RosterEntry:
    """The entry of a repository or a pull request to it. Raises CannotGrade if one is malformed."""
    entry = _entry(repository.replace("/", "_"), repository, "--repository")
    if not pull_request:
        return entry
    if not re.fullmatch(r"[1-9][0-9]{0,9}", pull_request):
        raise CannotGrade(f"--pull-request is {pull_request!r}, expected its number")
    return RosterEntry(
        f"{entry.student}-{pull_request}", repository, f"refs/pull/{pull_request}/head"
    )


def read_before(text: str) -> datetime:
    """The time in --before, in UTC if it names no zone. Raises CannotGrade."""
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-11-20"):
            raise ValueError
    except ValueError:
        raise CannotGrade(
            f"--before is {text!r}, expected date, time and zone such as 2026-11-20T23:59+01:00"
        ) from None
    if moment.tzinfo:
        return moment
    print(f"--before names no zone: it is taken as {moment} UTC", file=sys.stderr)
    return moment.replace(tzinfo=UTC)


def fetch_all(
    entries: list[RosterEntry], to: Path, server: str, token: str, before: datetime | None = None
) -> int:
    """Fetch every entry into `to`/student; returns 0 if any was fetched, else 2.

    With `before`, what was there then. A file student.handed_in says when it was handed in. An
    entry that could not be fetched leaves a file student.problem; `batch` reads both. Raises
    CannotGrade if `to` is not empty.
    """
    if to.exists() and any(to.iterdir()):
        raise CannotGrade(
            f"{to} is not empty, expected a new folder: its files would be marked too"
        )
    to.mkdir(parents=True, exist_ok=True)
    _write_list(to / LIST, entries)
    fetched = 0
    for entry in entries:
        source = Source(server.rstrip("/"), token, entry.repository, entry.ref)
        try:
            count, commit = _fetch(source, to / entry.student, before)
        except FetchFailed as failure:
            shutil.rmtree(
                to / entry.student, ignore_errors=True
            )  # or batch would mark half a submission
            (to / f"{entry.student}{PROBLEM}").write_text(f"{failure}\n", encoding="utf-8")
            print(f"{entry.student}: {failure}", file=sys.stderr, flush=True)
        else:
            fetched += 1
            _write_time(to / f"{entry.student}{HANDED_IN}", commit)
            print(f"{entry.student}: {count} files from {entry.repository}, {commit}", flush=True)
    print(f"{fetched} of {len(entries)} repositories fetched", flush=True)
    return 0 if fetched else 2


def _write_time(path: Path, commit: Commit) -> None:
    """Note when a submission was handed in, for `batch`."""
    noted = {"at": commit.at.isoformat(), "source": commit.source, "commit": commit.id}
    path.write_text(f"{json.dumps(noted)}\n", encoding="utf-8")


def _write_list(path: Path, entries: list[RosterEntry]) -> None:
    """Write the roster, which also keeps `batch` from taking one student's folders for a class."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [HEADER, *((entry.student, entry.repository) for entry in entries)]
        )


def _fetch(source: Source, folder: Path, before: datetime | None) -> tuple[int, Commit]:
    """Write the checklist's files of a repository below `folder`; their number, and the commit."""
    with TemporaryFolder("fetch-") as temporary:
        place, variables = str(temporary.path), source.environment
        git(place, variables, "init", "--quiet", "--bare")
        commit = of_branch(place, source, before) if before else newest(place, source)
        listing = git(place, variables, "ls-tree", "-r", "-z", "--full-tree", commit.id)
        files = wanted(listing)
        if not files:
            raise FetchFailed(
                f"its commit {commit.id[:10]} has none of the checklist's files ({', '.join(CHECKLIST)})"
            )
        folder.mkdir()
        for path, blob in files:
            content = git(place, variables, "cat-file", "blob", blob, limit=MAX_PLOT + 1)
            target = folder.joinpath(*path.parts)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError as error:  # such as a path of 4,000 characters
                raise FetchFailed(
                    f"{one_line(str(path))[:100]!r} cannot be written: {error.strerror}"
                ) from None
    return len(files), commit


def wanted(listing: bytes) -> list[tuple[PurePosixPath, str]]:
    """Path and object id of the checklist's files. Raises FetchFailed for a suspicious tree."""
    found = []
    for line in listing.decode("utf-8", "surrogateescape").split("\0"):
        about, _, name = line.partition("\t")
        path = PurePosixPath(name)
        if (
            not about.startswith("100")
            or path.name not in (*CHECKLIST, *NOTEBOOKS)
            or is_ignored(path)
        ):
            continue
        if (
            path.is_absolute()
            or ".." in path.parts
            or not name.isprintable()
            or set(name) & UNPORTABLE
        ):
            raise FetchFailed(f"the repository has a file with the name {one_line(name)[:100]!r}")
        found.append((path, about.split()[2]))
    if len(found) > MAX_FILES:
        raise FetchFailed(
            f"the repository has {len(found)} files with the checklist's names, expected five"
        )
    return found
