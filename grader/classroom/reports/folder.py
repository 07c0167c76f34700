"""The folder of a report: every file whole or not at all, and what is no longer of use removed, if a report made it.

What a report made stands in its manifest before it is made. So a run that was killed leaves nothing unknown.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from assignment.files import put_in_place, temporary_neighbour, write_atomically
from grader.classroom.reports.cells import Cell, cell
from grader.errors import CannotGrade

MANIFEST = "manifest.json"
PARTS = {"students": ".html", "results": ".json", "junit": ".xml"}
_OF_STUDENTS = re.compile(
    r"students/[a-z0-9-]+\.html|results/[a-z0-9-]+\.json|junit/[a-z0-9-]+\.xml"
)
_HALF = re.compile(
    r"\.(?P<name>.+)-[a-z0-9_]{8}"
)  # as write_atomically and `table` name what is not whole yet


class Folder:
    """A report's folder, to be filled with the files of `stems` (students) and `names` (of the whole class).

    Raises CannotGrade where it cannot be, or where it would overwrite what no report made.
    """

    def __init__(self, path: Path, stems: Iterable[str], names: Iterable[str]):
        self.path = path
        self._names = {*names, MANIFEST}
        self._files = {f"{part}/{stem}{ending}" for stem in stems for part, ending in PARTS.items()}
        try:
            self._before = self._made_before()
            for part in PARTS:
                (path / part).mkdir(parents=True, exist_ok=True)
            self._note(self._before | self._files)
        except OSError as error:
            raise CannotGrade(
                f"{path} cannot be written ({error.strerror}), expected a folder for the report"
            ) from None

    def _made_before(self) -> set[str]:
        """The files about students that an earlier report made; nothing else can come out, whatever the manifest says."""
        manifest = self.path / MANIFEST
        if not manifest.exists():
            for name in sorted({*self._names, *PARTS}):
                if (self.path / name).exists():
                    raise CannotGrade(
                        f"{self.path} holds a {name} that no report made, expected a new or empty folder"
                    )
            return set()
        try:
            files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
            return {name for name in files if _OF_STUDENTS.fullmatch(name)}
        except (ValueError, KeyError, TypeError):
            raise CannotGrade(
                f"{manifest} is not what a report wrote, expected a new or empty folder, or one that a report made"
            ) from None

    def _note(self, files: set[str]) -> None:
        content = json.dumps({"files": sorted(files)}, indent=0) + "\n"
        write_atomically(self.path / MANIFEST, content.encode())

    def write(self, name: str, content: bytes) -> None:
        """Write one file, whole or not at all."""
        write_atomically(self.path / name, content)

    @contextmanager
    def tables(self, names: Iterable[str]) -> Iterator[dict[str, Table]]:
        """CSV files that grow row by row, and are there when all of this has gone well."""
        with ExitStack() as stack:
            tables = {name: stack.enter_context(_table(self.path / name)) for name in names}
            yield tables

    def finish(self) -> None:
        """Remove what an earlier report made of students who are gone, results that count no more, and halves of files."""
        for name in self._before - self._files:
            (self.path / name).unlink(missing_ok=True)
        for folder in (self.path, *(self.path / part for part in PARTS)):
            for entry in os.scandir(folder):
                half = _HALF.fullmatch(entry.name)
                name = (
                    Path(folder.name if folder != self.path else "", half["name"]).as_posix()
                    if half
                    else ""
                )
                if name in self._names | self._files | self._before:
                    Path(entry.path).unlink(missing_ok=True)
        self._note(self._files)

    def drop(self, name: str) -> None:
        """This file is not made this time: one of an earlier report goes."""
        (self.path / name).unlink(missing_ok=True)


class Table:
    """A CSV file that is being written."""

    def __init__(self, writer: Any):
        self._writer = writer

    def add(self, row: list[Cell]) -> None:
        """One more row, every cell safe."""
        self._writer.writerow([cell(value) for value in row])


@contextmanager
def _table(path: Path) -> Iterator[Table]:
    with temporary_neighbour(path) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            yield Table(csv.writer(stream))
        put_in_place(temporary, path)
