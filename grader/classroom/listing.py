"""The files of a class, from a folder or a platform's zip: path and reader of each.

An unreadable file affects only its student: it is listed as a script whose reader raises the error.
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
from grader.submission.folders import folder_entries
from grader.submission.names import CHECKLIST

File = tuple[PurePosixPath, Read]
NOTHING = ".nothing"  # listed in every folder, so that a student without files is not lost


def folder_files(path: Path) -> Iterator[File]:
    """Files at any depth. Raises OSError where the folder itself is unreadable."""
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
    """Files at any depth; paths that point outside the archive are skipped."""
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
            except Exception as error:  # its reader may raise anything for a damaged archive
                raise SubmissionError(
                    f"{one_line(info.filename)} cannot be unpacked ({error})"
                ) from None

        yield path, read


def without_ignored(files: list[File]) -> list[File]:
    """The files of students. A student with only ignored files is kept, with the file NOTHING."""
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
    """A name as valid text: one that is not UTF-8, as in old archives, is read as Latin-1."""
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
