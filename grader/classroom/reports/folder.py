"""The folder of a report: files are written atomically, and an earlier report's old files removed.

The manifest lists every file before it is written, so a run that was killed leaves no unknown file.
"""

from __future__ import annotations

import csv
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from assignment.files import put_in_place, temporary_neighbour, write_atomically
from grader.classroom.reports.cells import Cell, cell
from grader.errors import CannotGrade

MANIFEST = "manifest.json"
MAX_MANIFEST = 8_000_000  # bytes; a student takes about 200
PARTS = {"students": ".html", "networks": ".html", "results": ".json", "junit": ".xml"}
_OF_STUDENTS = re.compile(
    r"(students|networks)/[a-z0-9-]+\.html|results/[a-z0-9-]+\.json|junit/[a-z0-9-]+\.xml"
)
# The temporary names that write_atomically and `_table` give to unfinished files.
_HALF = re.compile(r"\.(?P<name>.+)-[a-z0-9_]{8}")
_NO_MANIFEST = (ValueError, KeyError, TypeError, AttributeError)


class Folder:
    """A report's folder, for the files of students (`stems`) and of the whole class (`names`).

    Raises CannotGrade if it cannot be written, if it holds something but no earlier report, or if
    one of this report and the earlier one is `anonymous`.
    """

    def __init__(
        self, path: Path, stems: Iterable[str], names: Iterable[str], *, anonymous: bool = False
    ):
        self.path, self._anonymous = path, anonymous
        self._names = {*names, MANIFEST}
        self._files = {f"{part}/{stem}{ending}" for stem in stems for part, ending in PARTS.items()}
        try:
            self._before = self._made_before()
            path.mkdir(parents=True, exist_ok=True)
            self._note(self._before | self._files)  # first, so that a kill leaves a known folder
            for part in PARTS:
                (path / part).mkdir(exist_ok=True)
        except OSError as error:
            raise CannotGrade(
                f"{path} cannot be written ({error.strerror}), expected a folder for the report"
            ) from None

    def _made_before(self) -> set[str]:
        """The students' files of an earlier report; other entries of its manifest are ignored."""
        manifest = self.path / MANIFEST
        if not manifest.exists():
            for entry in sorted(self.path.iterdir() if self.path.is_dir() else ()):
                if not entry.name.startswith("."):  # such as .DS_Store, or half a manifest
                    raise CannotGrade(
                        f"{self.path} holds {entry.name} and no earlier report, "
                        "expected a new or empty folder, or that of an earlier report"
                    )
            return set()
        try:
            content = json.loads(manifest.read_text(encoding="utf-8"))
            files = {name for name in content["files"] if _OF_STUDENTS.fullmatch(name)}
            was_anonymous = bool(content.get("anonymous", False))
        except _NO_MANIFEST:
            raise CannotGrade(
                f"{manifest} was not written by a report, "
                "expected a new or empty folder, or that of an earlier report"
            ) from None
        if was_anonymous != self._anonymous:
            kinds = ("a report with names", "an anonymous report")
            raise CannotGrade(
                f"{self.path} holds {kinds[was_anonymous]}, and this is {kinds[self._anonymous]}: "
                "write it to a folder of its own"
            )
        return files

    def _note(self, files: set[str]) -> None:
        kind = {"anonymous": True} if self._anonymous else {}
        content = json.dumps(kind | {"files": sorted(files)}, indent=0) + "\n"
        write_atomically(self.path / MANIFEST, content.encode())

    def write_pieces(self, name: str, pieces: Iterable[str]) -> None:
        """Write one file atomically, without holding it in memory as a whole."""
        path = self.path / name
        with temporary_neighbour(path) as temporary:
            with temporary.open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(pieces)
            put_in_place(temporary, path)

    @contextmanager
    def tables(self, names: Iterable[str]) -> Iterator[dict[str, Table]]:
        """CSV files that grow row by row and appear when the block ends without an error."""
        with ExitStack() as stack:
            tables = {name: stack.enter_context(_table(self.path / name)) for name in names}
            yield tables

    def finish(self) -> None:
        """Remove an earlier report's files of students who are gone, and unfinished files."""
        for name in self._before - self._files:
            (self.path / name).unlink(missing_ok=True)
        ours = self._names | self._files | self._before
        for part in ("", *PARTS):
            for entry in os.scandir(self.path / part):
                half = _HALF.fullmatch(entry.name)
                if half and Path(part, half["name"]).as_posix() in ours:
                    Path(entry.path).unlink(missing_ok=True)
        self._note(self._files)


def is_report(path: Path) -> bool:
    """Whether a folder is that of a report, which holds no submissions.

    It may be a student's instead, so that its manifest is read with a limit.
    """
    manifest = path / MANIFEST
    try:
        if not stat.S_ISREG(manifest.lstat().st_mode):
            return False
        with manifest.open("rb") as stream:
            files = json.loads(stream.read(MAX_MANIFEST))["files"]
        return bool(files) and all(_OF_STUDENTS.fullmatch(name) for name in files)
    except (OSError, RecursionError, *_NO_MANIFEST):
        return False


def put(path: Path, content: bytes | None) -> None:
    """Write one file atomically, unless it holds this already; None removes an earlier report's."""
    if content is None:
        path.unlink(missing_ok=True)
    elif not (path.is_file() and path.read_bytes() == content):
        write_atomically(path, content)


class Table:
    """A CSV file being written."""

    def __init__(self, writer: Any):
        self._writer = writer

    def add(self, row: list[Cell]) -> None:
        """Add a row, with every cell made safe."""
        self._writer.writerow([cell(value) for value in row])


@contextmanager
def _table(path: Path) -> Iterator[Table]:
    with temporary_neighbour(path) as temporary:
        # with a byte order mark, by which spreadsheets know UTF-8; the platforms' imports take it
        with temporary.open("w", encoding="utf-8-sig", newline="") as stream:
            yield Table(csv.writer(stream))
        put_in_place(temporary, path)
