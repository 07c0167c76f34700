"""Fetches a class's repositories: from the newest commit of each, only the checklist's files.

A student's repository is never checked out. Its newest commit is fetched into an empty bare
repository, from which regular files with the checklist's names are written out: no links, hooks,
filters or submodules.
"""

from __future__ import annotations

import base64
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.classroom.intake import PROBLEM
from grader.errors import CannotGrade
from grader.report.text import one_line
from grader.sandbox.temporary import TemporaryFolder
from grader.submission.archives import is_ignored
from grader.submission.names import CHECKLIST, NOTEBOOKS
from grader.submission.taking import MAX_PLOT

HEADER = ("student", "repository")
LIST = "roster.csv"
MAX_FILES = 100  # with the checklist's names in one repository; five are expected
SECONDS = 300  # for one repository
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


class FetchFailed(Exception):
    """A repository could not be fetched; the message is one line."""


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
    if not _STUDENT.fullmatch(student) or student.endswith(PROBLEM):
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


def fetch_all(entries: list[RosterEntry], to: Path, server: str, token: str) -> int:
    """Fetch every entry into `to`/student; returns 0 if any was fetched, else 2.

    An entry that could not be fetched leaves a file student.problem, which `batch` reports. Raises
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
        try:
            count = _fetch(entry, to / entry.student, server, token)
        except FetchFailed as failure:
            shutil.rmtree(
                to / entry.student, ignore_errors=True
            )  # or batch would mark half a submission
            (to / f"{entry.student}{PROBLEM}").write_text(f"{failure}\n", encoding="utf-8")
            print(f"{entry.student}: {failure}", file=sys.stderr, flush=True)
        else:
            fetched += 1
            print(f"{entry.student}: {count} files from {entry.repository}", flush=True)
    print(f"{fetched} of {len(entries)} repositories fetched", flush=True)
    return 0 if fetched else 2


def _write_list(path: Path, entries: list[RosterEntry]) -> None:
    """Write the roster, which also keeps `batch` from taking one student's folders for a class."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [HEADER, *((entry.student, entry.repository) for entry in entries)]
        )


def _fetch(entry: RosterEntry, folder: Path, server: str, token: str) -> int:
    """Write the checklist's files of one repository below `folder`; returns their number."""
    environment = _environment(server, token)
    address = f"{server.rstrip('/')}/{entry.repository}.git"
    with TemporaryFolder("fetch-") as temporary:
        git = str(temporary.path)
        _git(git, environment, "init", "--quiet", "--bare")
        flags = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules")
        _git(git, environment, "fetch", *flags, address, entry.ref)
        listing = _git(git, environment, "ls-tree", "-r", "-z", "--full-tree", "FETCH_HEAD")
        files = wanted(listing)
        if not files:
            raise FetchFailed(
                f"the newest commit has none of the checklist's files ({', '.join(CHECKLIST)})"
            )
        folder.mkdir()
        for path, blob in files:
            content = _git(git, environment, "cat-file", "blob", blob, limit=MAX_PLOT + 1)
            target = folder.joinpath(*path.parts)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError as error:  # such as a path of 4,000 characters
                raise FetchFailed(
                    f"{one_line(str(path))[:100]!r} cannot be written: {error.strerror}"
                ) from None
    return len(files)


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


def _environment(server: str, token: str) -> dict[str, str]:
    """No user configuration, no prompts; the token only in the environment, not in a file."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": server.partition(":")[0],
        "LC_ALL": "C",
    }
    settings = {"transfer.fsckObjects": "true"}
    if token:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings[f"http.{server.rstrip('/')}/.extraHeader"] = f"Authorization: Basic {basic}"
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**environment, "GIT_CONFIG_COUNT": str(len(settings))}


def _git(
    folder: str, environment: dict[str, str], *arguments: str, limit: int = 50_000_000
) -> bytes:
    """The output of a git command, up to `limit` bytes. Raises FetchFailed with git's last line."""
    with tempfile.TemporaryFile() as output:
        try:
            ran = subprocess.run(
                ["git", "-C", folder, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                timeout=SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise CannotGrade("git is not installed: apt install git") from None
        except subprocess.TimeoutExpired:
            raise FetchFailed(f"git {arguments[0]} did not end within {SECONDS} s") from None
        if ran.returncode != 0:
            lines = ran.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = lines[-1] if lines else f"status {ran.returncode}"
            raise FetchFailed(f"git {arguments[0]}: {one_line(reason)[:300]}")
        output.seek(0)
        return output.read(limit)
