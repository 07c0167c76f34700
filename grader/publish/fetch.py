"""A class's repositories, fetched: of each one the checklist's files, as they stand in its newest commit, and nothing else.

A student's repository is never checked out. Its newest commit alone is fetched into an empty repository without a work tree,
and from there regular files of the checklist's names are written out: no links, no hooks, no filters, no submodules.
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
from grader.submission.archives import is_ignored
from grader.submission.reading import CHECKLIST, MAX_PLOT, NOTEBOOKS

HEADER = ("student", "repository")
LIST = "roster.csv"
MAX_FILES = 100  # of the checklist's names in one repository; a right one has five
SECONDS = 300  # for one repository
UNPORTABLE = set(
    '\\:"<>|*?'
)  # not in names on every system, and a workflow's artifact with one of them is not kept
_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Entry:
    """One line of a roster. `ref` is what is fetched: the newest commit, or a pull request's."""

    student: str
    repository: str
    ref: str = "HEAD"


class FetchFailed(Exception):
    """A repository could not be fetched; the message is one line."""


def read_roster(path: Path) -> list[Entry]:
    """The entries of a CSV file with the columns student and repository. Raises CannotGrade with file and line."""
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
            f"{path} begins with {rows[0][1] if rows else 'nothing'}, expected the line {','.join(HEADER)}"
        )
    entries: dict[str, Entry] = {}
    for number, row in rows[1:]:
        where = f"{path}, line {number}"
        if len(row) != len(HEADER):
            raise CannotGrade(
                f"{where}: {len(row)} columns, expected {len(HEADER)}: {','.join(HEADER)}"
            )
        entry = _entry(row[0].strip(), row[1].strip(), where)
        if entry.student.lower() in entries:
            raise CannotGrade(
                f"{where}: {entry.student} stands there twice, expected each student once"
            )
        entries[entry.student.lower()] = entry
    if not entries:
        raise CannotGrade(
            f"{path} names nobody, expected a line for each student below {','.join(HEADER)}"
        )
    return list(entries.values())


def _entry(student: str, repository: str, where: str) -> Entry:
    if not _STUDENT.fullmatch(student) or student.endswith(PROBLEM):
        raise CannotGrade(
            f"{where}: the student is {student!r}, expected letters, digits and . _ @ + - alone"
        )
    if not _REPOSITORY.fullmatch(repository) or PurePosixPath(repository).name in (".", ".."):
        raise CannotGrade(f"{where}: the repository is {repository!r}, expected owner/name")
    return Entry(student, repository)


def single(repository: str, pull_request: str) -> Entry:
    """The entry of one repository, or of one pull request to it. Raises CannotGrade where either is none."""
    entry = _entry(repository.replace("/", "_"), repository, "--repository")
    if not pull_request:
        return entry
    if not re.fullmatch(r"[1-9][0-9]{0,9}", pull_request):
        raise CannotGrade(f"--pull-request is {pull_request!r}, expected its number")
    return Entry(f"{entry.student}-{pull_request}", repository, f"refs/pull/{pull_request}/head")


def fetch_all(entries: list[Entry], to: Path, server: str, token: str) -> int:
    """Fetch every entry into `to`/student; 0 where one was, and 2 where none.

    Who could not be fetched has a file student.problem there, which `batch` names. Raises CannotGrade
    if `to` is in use.
    """
    if to.exists() and any(to.iterdir()):
        raise CannotGrade(
            f"{to} is not empty, expected a new folder: what lies there would be marked too"
        )
    to.mkdir(parents=True, exist_ok=True)
    _write_list(to / LIST, entries)
    fetched = 0
    for entry in entries:
        try:
            count = _fetch(entry, to / entry.student, server, token)
        except FetchFailed as failure:
            shutil.rmtree(to / entry.student, ignore_errors=True)  # half of it would be marked
            (to / f"{entry.student}{PROBLEM}").write_text(f"{failure}\n", encoding="utf-8")
            print(f"{entry.student}: {failure}", file=sys.stderr, flush=True)
        else:
            fetched += 1
            print(f"{entry.student}: {count} files from {entry.repository}", flush=True)
    print(f"{fetched} of {len(entries)} repositories fetched", flush=True)
    return 0 if fetched else 2


def _write_list(path: Path, entries: list[Entry]) -> None:
    """What was to be fetched. It also keeps `batch` from taking one student's folders for a class of their names."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [HEADER, *((entry.student, entry.repository) for entry in entries)]
        )


def _fetch(entry: Entry, folder: Path, server: str, token: str) -> int:
    """Write the checklist's files of one repository below `folder`; returns how many there are."""
    environment = _environment(server, token)
    address = f"{server.rstrip('/')}/{entry.repository}.git"
    with tempfile.TemporaryDirectory(prefix="fetch-") as git:
        _git(git, environment, "init", "--quiet", "--bare")
        _git(
            git,
            environment,
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-recurse-submodules",
            address,
            entry.ref,
        )
        listing = _git(git, environment, "ls-tree", "-r", "-z", "--full-tree", "FETCH_HEAD")
        files = wanted(listing)
        if not files:
            raise FetchFailed(
                f"the newest commit holds none of the checklist's files ({', '.join(CHECKLIST)})"
            )
        folder.mkdir()
        for path, blob in files:
            content = _git(git, environment, "cat-file", "blob", blob, limit=MAX_PLOT + 1)
            target = folder.joinpath(*path.parts)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError as error:  # a path of 4,000 characters, say
                raise FetchFailed(
                    f"{one_line(str(path))[:100]!r} cannot be written: {error.strerror}"
                ) from None
    return len(files)


def wanted(listing: bytes) -> list[tuple[PurePosixPath, str]]:
    """Path and object of the regular files of the checklist's names. Raises FetchFailed for a tree that plays tricks."""
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
            raise FetchFailed(f"the repository holds a file of the name {one_line(name)[:100]!r}")
        found.append((path, about.split()[2]))
    if len(found) > MAX_FILES:
        raise FetchFailed(
            f"the repository holds {len(found)} files of the checklist's names, expected five"
        )
    return found


def _environment(server: str, token: str) -> dict[str, str]:
    """Nobody's configuration, no question to anybody; the token where neither a command line nor a file shows it."""
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
    """What a git command prints, at most `limit` bytes of it. Raises FetchFailed with git's last line."""
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
            lines = ran.stderr.decode("utf-8", "replace").strip().splitlines() or [
                f"status {ran.returncode}"
            ]
            raise FetchFailed(f"git {arguments[0]}: {one_line(lines[-1])[:300]}")
        output.seek(0)
        return output.read(limit)
