"""Opens what was given with --answers: a file, a folder of files, or a zip of them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.classroom.answers import saved, tables
from grader.classroom.answers.given import Given, Unread
from grader.classroom.tables import MAX_BYTES, decoded, read_table
from grader.errors import CannotGrade
from grader.report.text import one_line
from grader.sandbox.temporary import TemporaryFolder

MOST_FILES = 10_000
KINDS = (".json", ".csv")


def read_answers(path: Path) -> Iterator[Given | Unread]:
    """The answers in a file, a folder or a zip, in order. Raises CannotGrade if there is none."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if _is_one(file))
        if not files:
            raise CannotGrade(f"{path} holds no .json and no .csv file, expected saved answers")
        if len(files) > MOST_FILES:
            raise CannotGrade(f"{path} holds more than {MOST_FILES:,} files, expected a class's")
        for file in files:
            yield from _of_file(file, str(file.relative_to(path)))
    elif not path.is_file():
        raise CannotGrade(f"{path} does not exist, expected a file, folder or zip with answers")
    elif zipfile.is_zipfile(path):
        yield from _of_zip(path)
    else:
        yield from _of_file(path, path.name)


def _is_one(file: Path) -> bool:
    hidden = file.name.startswith((".", "._")) or "__MACOSX" in file.parts
    return file.suffix.lower() in KINDS and not hidden and file.is_file() and not file.is_symlink()


def _of_file(file: Path, name: str) -> Iterator[Given | Unread]:
    where = one_line(name)
    try:
        if file.suffix.lower() == ".json":
            yield from saved.saved(decoded(file), where)
        else:
            yield from tables.answers(read_table(file), where)
    except CannotGrade as error:  # one of many files must not stop the others
        yield Unread(where, str(error))


def _of_zip(path: Path) -> Iterator[Given | Unread]:
    """The files in a zip, each copied out under a name of ours; a zip in it is not opened."""
    try:
        with zipfile.ZipFile(path) as archive, TemporaryFolder("answers-") as folder:
            entries = [
                one
                for one in archive.infolist()
                if one.filename.lower().endswith(KINDS) and "__MACOSX" not in one.filename
            ]
            if not entries or len(entries) > MOST_FILES:
                raise CannotGrade(
                    f"{path} holds {len(entries):,} .json and .csv files, expected those of a class"
                )
            for entry in sorted(entries, key=lambda one: one.filename):
                if entry.file_size > MAX_BYTES:
                    yield Unread(one_line(entry.filename), f"more than {MAX_BYTES:,} bytes")
                    continue
                copy = folder.path / f"answers{Path(entry.filename).suffix.lower()}"
                with archive.open(entry) as stream:
                    copy.write_bytes(stream.read(MAX_BYTES + 1))
                yield from _of_file(copy, entry.filename)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise CannotGrade(f"{path} cannot be read as a zip ({error})") from None
