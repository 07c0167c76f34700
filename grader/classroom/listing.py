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
from grader.submission.archives import MAX_DEPTH, Read, is_ignored
from grader.submission.folders import folder_entries
from grader.submission.names import CHECKLIST
from grader.submission.zips import zip_reader

File = tuple[PurePosixPath, Read]
NOTHING = ".nothing"  # listed in every folder, so that a student without files is not lost


def folder_files(path: Path) -> Iterator[File]:
    """Files at any depth. Raises OSError where the folder itself is unreadable.

    One folder around everything may hold a whole class, and any other folder one student's files:
    if these are too many, that student's are left out.
    """
    return _folder_files(path, path, depth=0)


def _folder_files(path: Path, root: Path, *, depth: int) -> Iterator[File]:
    tops = sorted(path.iterdir())
    is_alone = sum(not is_ignored(PurePosixPath(top.name)) for top in tops) == 1
    for top in tops:
        place = PurePosixPath(_as_text(str(top.relative_to(root))))
        if top.is_dir() and not top.is_symlink():
            if is_alone and depth < MAX_DEPTH and os.access(top, os.R_OK | os.X_OK):
                yield from _folder_files(top, root, depth=depth + 1)
            else:
                yield from _one_folder(top, root, inside=depth > 0)
            yield place / NOTHING, _nothing
        elif stat.S_ISREG(top.lstat().st_mode):
            yield place, _reader(top)


def _one_folder(top: Path, root: Path, *, inside: bool) -> list[File]:
    """The files of a folder that is one student's, or lies in it."""
    lost: list[OSError] = []
    place = PurePosixPath(_as_text(str(top.relative_to(root))))
    try:
        found = [
            (place / _as_text(str(inner)), read)
            for inner, read in folder_entries(top, inside=inside, onerror=lost.append)
        ]
    except SubmissionError as error:
        return [(place / CHECKLIST[0], _failing(str(error)))]
    for one in lost:
        folder = Path(one.filename or top).relative_to(root)
        problem = f"{folder}/ cannot be read ({one.strerror}), expected a folder that may be read"
        found.append((PurePosixPath(_as_text(str(folder))) / CHECKLIST[0], _failing(problem)))
    return found


def zip_files(archive: zipfile.ZipFile) -> Iterator[File]:
    """Files at any depth; paths that point outside the archive are skipped."""
    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.parts:
            continue
        if info.is_dir():
            yield path / NOTHING, _nothing
            continue

        def read(limit: int, info: zipfile.ZipInfo = info, path: PurePosixPath = path) -> bytes:
            try:
                return zip_reader(archive, info, path)(limit)
            except (SubmissionError, MemoryError):
                raise
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


def _failing(problem: str) -> Read:
    def read(limit: int) -> bytes:
        raise SubmissionError(problem)

    return read


def _reader(path: Path) -> Read:
    def read(limit: int) -> bytes:
        with path.open("rb") as stream:
            return stream.read(limit)

    return read
