"""The files of a class, in a folder or in the zip that a platform hands out: path and reader of each.

What cannot be read is that student's alone: it is listed as a script whose reader says why.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.report.text import one_line
from grader.submission.archives import Read, is_ignored
from grader.submission.reading import CHECKLIST, folder_entries

File = tuple[PurePosixPath, Read]
NOTHING = ".nothing"  # stands in a folder without files, so that nobody is forgotten


def folder_files(path: Path) -> Iterator[File]:
    """Files at any depth. Raises OSError where the folder itself may not be read."""
    for top in sorted(path.iterdir()):
        if top.is_dir() and not top.is_symlink():
            lost: list[OSError] = []
            for inner, read in folder_entries(top, onerror=lost.append):
                yield PurePosixPath(_as_text(f"{top.name}/{inner}")), read
            for error in lost:
                folder = Path(error.filename or top).relative_to(path)
                yield (
                    PurePosixPath(_as_text(str(folder))) / CHECKLIST[0],
                    _unreadable(folder, error),
                )
            yield PurePosixPath(_as_text(top.name)) / NOTHING, _nothing
        elif stat.S_ISREG(top.lstat().st_mode):
            yield PurePosixPath(_as_text(top.name)), _reader(top)


def zip_files(archive: zipfile.ZipFile) -> Iterator[File]:
    """Files at any depth; the platform's own paths never leave the archive."""
    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.parts:
            continue
        if info.is_dir():
            yield path / NOTHING, _nothing
            continue

        def read(limit: int, info: zipfile.ZipInfo = info) -> bytes:
            try:
                with archive.open(info) as stream:
                    return stream.read(limit)
            except Exception as error:  # a damaged archive makes its reader raise nearly anything
                raise SubmissionError(
                    f"{one_line(info.filename)} cannot be unpacked ({error})"
                ) from None

        yield path, read


def without_ignored(files: list[File]) -> list[File]:
    """The files that are somebody's; whose files are all a system's or an editor's stays with nothing."""
    kept = [
        (path, read)
        for path, read in files
        if not is_ignored(path) and path.name not in (".DS_Store", NOTHING)
    ]
    tops = {
        path.parts[0]
        for path, _ in files
        if len(path.parts) > 1 and not is_ignored(PurePosixPath(path.parts[0]))
    }
    return kept + [
        (PurePosixPath(top) / NOTHING, _nothing)
        for top in sorted(tops - {path.parts[0] for path, _ in kept})
    ]


def _as_text(name: str) -> str:
    """A path's name as text that can be kept: one that is no UTF-8, from an old archive say, is read as Latin-1."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("latin-1")
    return name


def _nothing(limit: int) -> bytes:
    return b""


def _unreadable(folder: Path, error: OSError) -> Read:
    def read(limit: int) -> bytes:
        raise SubmissionError(
            f"{folder}/ cannot be read ({error.strerror}), expected a folder that may be read"
        )

    return read


def _reader(path: Path) -> Read:
    def read(limit: int) -> bytes:
        with path.open("rb") as stream:
            return stream.read(limit)

    return read
