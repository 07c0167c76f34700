"""The files of a class, from a folder or a platform's zip: path, reader and time of each.

An unreadable file affects only its student: it is listed as a script whose reader raises the error.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from grader.classroom.reports.folder import is_report
from grader.errors import SubmissionError
from grader.report.text import one_line
from grader.submission.archives import MAX_DEPTH, Read, is_ignored
from grader.submission.folders import folder_entries
from grader.submission.names import CHECKLIST
from grader.submission.zips import zip_reader

# Before, a time says that there is none: archives begin in 1980, and some programs write 0.
FIRST_YEAR = 1981
_UNIX_TIME = 0x5455  # the extra field of a zip entry with its time in seconds since 1970


def _no_time() -> datetime | None:
    return None


@dataclass(frozen=True)
class File:
    """A file of a class.

    `path` is its path in what it is listed in, `name` its path in the download. `modified` gives
    the time of its last change, without a zone where an archive has none, None if unknown.
    `is_special` says that it is a link, a pipe or a device, which is never opened.
    """

    path: PurePosixPath
    read: Read
    name: str = ""
    modified: Callable[[], datetime | None] = _no_time
    is_special: bool = False

    def moved(self, path: PurePosixPath) -> File:
        """The same file under another path."""
        return replace(self, path=path)


NOTHING = ".nothing"  # listed in every folder, so that a student without files is not lost


def folder_files(path: Path) -> Iterator[File]:
    """Files at any depth. Raises OSError where the folder itself is unreadable.

    One folder around everything may hold a whole class, and any other folder one student's files:
    if these are too many, that student's are left out. The folder of a report is nobody's.
    """
    return _folder_files(path, path, depth=0)


def _folder_files(path: Path, root: Path, *, depth: int) -> Iterator[File]:
    tops = [top for top in sorted(path.iterdir()) if not is_report(top)]
    is_alone = sum(not is_ignored(PurePosixPath(top.name)) for top in tops) == 1
    for top in tops:
        place = PurePosixPath(_as_text(str(top.relative_to(root))))
        if top.is_dir() and not top.is_symlink():
            if is_alone and depth < MAX_DEPTH and os.access(top, os.R_OK | os.X_OK):
                yield from _folder_files(top, root, depth=depth + 1)
            else:
                yield from _one_folder(top, root, inside=depth > 0)
            yield File(place / NOTHING, _nothing)
        elif stat.S_ISREG(top.lstat().st_mode):
            yield File(place, _reader(top), modified=_file_time(top))
        else:
            yield File(place, _nothing, is_special=True)


def _one_folder(top: Path, root: Path, *, inside: bool) -> list[File]:
    """The files of a folder that is one student's, or lies in it."""
    lost: list[OSError] = []
    place = PurePosixPath(_as_text(str(top.relative_to(root))))
    try:
        found = [
            File(place / _as_text(str(inner)), read, modified=_file_time(top / inner))
            for inner, read in folder_entries(top, inside=inside, onerror=lost.append)
        ]
    except SubmissionError as error:
        return [File(place / CHECKLIST[0], _failing(str(error)))]
    for one in lost:
        folder = Path(one.filename or top).relative_to(root)
        problem = f"{folder}/ cannot be read ({one.strerror}), expected a folder that may be read"
        listed = PurePosixPath(_as_text(str(folder))) / CHECKLIST[0]
        found.append(File(listed, _failing(problem)))
    return found


def zip_files(archive: zipfile.ZipFile) -> Iterator[File]:
    """Files at any depth; paths that point outside the archive are skipped."""
    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.parts:
            continue
        if info.is_dir():
            yield File(path / NOTHING, _nothing)
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where no Unix made the archive
        if kind not in (0, stat.S_IFREG) and len(path.parts) == 1:
            yield File(path, _nothing, is_special=True)
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

        yield File(path, read, modified=lambda info=info: _entry_time(info))  # type: ignore[misc]


def without_ignored(files: list[File]) -> list[File]:
    """The files of students. A student with only ignored files is kept, with the file NOTHING."""
    kept = [
        file
        for file in files
        if not is_ignored(file.path) and file.path.name not in (".DS_Store", NOTHING)
    ]
    tops = {
        file.path.parts[0]
        for file in files
        if len(file.path.parts) > 1 and not is_ignored(PurePosixPath(file.path.parts[0]))
    }
    return kept + [
        File(PurePosixPath(top) / NOTHING, _nothing)
        for top in sorted(tops - {file.path.parts[0] for file in kept})
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


def _file_time(path: Path) -> Callable[[], datetime | None]:
    def modified() -> datetime | None:
        try:
            found = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            return None
        return _if_known(found)

    return modified


def _entry_time(info: zipfile.ZipInfo) -> datetime | None:
    """The time of a zip's entry: with a zone if it is noted in seconds, which not all zips do."""
    extra, at = info.extra, 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _UNIX_TIME and size >= 5 and extra[at + 4 : at + 5] and extra[at + 4] & 1:
            seconds = extra[at + 5 : at + 9]
            if len(seconds) == 4:
                return _if_known(datetime.fromtimestamp(struct.unpack("<i", seconds)[0], UTC))
        at += 4 + size
    try:
        return _if_known(datetime(*info.date_time))
    except ValueError:
        return None


def _if_known(found: datetime) -> datetime | None:
    return found if found.year >= FIRST_YEAR else None
