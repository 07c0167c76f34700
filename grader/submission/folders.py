"""The regular files of a folder, without links and without environments."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.submission.archives import (
    ENVIRONMENT,
    IGNORED,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_IGNORED,
    Read,
)

MAX_LISTED = MAX_ENTRIES + MAX_IGNORED


def _refuse(error: OSError) -> None:
    raise error


def folder_entries(
    root: Path,
    *,
    only_top: bool = False,
    inside: bool = False,
    onerror: Callable[[OSError], None] = _refuse,
) -> Iterator[tuple[PurePosixPath, Read]]:
    """Path and reader of each regular file below a folder, without links.

    `inside` says that the folder lies in a submission, and may be an environment itself. Errors of
    unreadable folders go to `onerror`. Raises SubmissionError for too many files.
    """
    waiting, left = [(root, 0)], MAX_LISTED
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(islice(entries, left + 1), key=lambda entry: entry.name)
            left -= len(listed)
            names = [one.name for one in listed if one.is_file(follow_symlinks=False)]
        except OSError as error:
            onerror(error)
            continue
        if left < 0:
            raise SubmissionError(
                f"{root} holds more than {MAX_LISTED:,} files, expected the checklist's five"
            )
        if ENVIRONMENT in names and (depth or inside):
            continue
        for name in names:
            path = folder / name
            yield PurePosixPath(path.relative_to(root)), _file_reader(path)
        if only_top:
            continue
        subfolders = [
            folder / one.name
            for one in listed
            if one.is_dir(follow_symlinks=False) and one.name not in IGNORED
        ]
        if subfolders and depth >= MAX_DEPTH:
            onerror(OSError(errno.ELOOP, f"folders nested more than {MAX_DEPTH} deep", str(folder)))
            continue
        waiting += [(subfolder, depth + 1) for subfolder in reversed(subfolders)]


def _file_reader(path: Path) -> Read:
    def read(limit: int) -> bytes:
        # It may have been replaced since it was listed.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as stream:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(f"{path.name} is no regular file")
            return stream.read(limit)

    return read
