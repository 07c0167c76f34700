"""The regular files of a folder, without links and without environments."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from grader.submission.archives import ENVIRONMENT, IGNORED, Read

MAX_DEPTH = 100  # of nested folders


def _refuse(error: OSError) -> None:
    raise error


def folder_entries(
    root: Path, *, only_top: bool = False, onerror: Callable[[OSError], None] = _refuse
) -> Iterator[tuple[PurePosixPath, Read]]:
    """Path and reader of each regular file below a folder, without links.

    Errors of unreadable folders go to `onerror`.
    """
    for folder, subfolders, names in os.walk(root, onerror=onerror):  # follows no links
        is_environment = ENVIRONMENT in names and folder != str(root)
        subfolders[:] = (
            []
            if only_top or is_environment
            else sorted(name for name in subfolders if name not in IGNORED)
        )
        if is_environment:
            continue
        if subfolders and len(Path(folder).relative_to(root).parts) >= MAX_DEPTH:
            subfolders.clear()
            onerror(OSError(errno.ELOOP, f"folders nested more than {MAX_DEPTH} deep", folder))
        for name in sorted(names):
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield PurePosixPath(path.relative_to(root)), _file_reader(path)


def _file_reader(path: Path) -> Read:
    def read(limit: int) -> bytes:
        # It may have been replaced since it was listed.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as stream:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(f"{path.name} is no regular file")
            return stream.read(limit)

    return read
