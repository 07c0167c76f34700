"""Temporary folders that do not stay: what an owner that was killed has left, the next run removes.

The owner holds a lock on a file in its folder, which the kernel releases however the owner ends. A
folder is removed only if it has a name of ours, this user's owner, that file, and no lock.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from grader.errors import NoRoom, expecting_room

PREFIXES = (
    "submission-", "worker-", "marking-", "questions-", "answers-", "grader-selftest-", "fetch-", "publish-",
    ".handout-", ".lab-", "lab-", ".grader-recover-", ".grader-certificates-",
)  # fmt: skip
OWNER = ".owner"  # the file that is locked
MARK = b"a temporary folder of the grader\n"  # its content
NEW = 3600.0  # seconds for which a folder without the file may be one that is just being made

_swept: set[str] = set()  # in which folders this process has removed what was left


class TemporaryFolder:
    """A new folder that only this user can reach, removed with `remove` or by the next run.

    `parent` is that of all temporary files unless given.
    """

    def __init__(self, prefix: str, parent: Path | None = None):
        assert prefix in PREFIXES
        where = parent or _of_all()
        if str(where) not in _swept:
            _swept.add(str(where))
            remove_abandoned(where)
        self._lock = -1
        self.path = where / f"{prefix}{secrets.token_hex(8)}"
        # At exit at the latest: Ctrl-C may come while it is being made, or removed.
        self._at_exit = weakref.finalize(self, _remove_own, self.path, os.getpid())
        with expecting_room(where):
            try:
                self.path.mkdir(mode=0o700)
                self._lock = _locked(self.path)
            except BaseException:
                self.remove()
                raise

    def remove(self) -> None:
        """Delete it with everything in it. May be called twice."""
        remove_tree(self.path)
        self._at_exit.detach()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _remove_own(folder: Path, owner: int) -> None:
    """Remove a folder, unless this process is only a copy of its owner."""
    if os.getpid() == owner:
        remove_tree(folder)


def _of_all() -> Path:
    """The folder of all temporary files. Raises NoRoom where Python finds none it can write to."""
    try:
        return Path(tempfile.gettempdir()).resolve()
    except FileNotFoundError as error:
        raise NoRoom(
            f"{error.strerror}: they are full, or cannot be written to. "
            "Set TMPDIR=/a/folder/with/room, and run the same command again"
        ) from None


def _locked(folder: Path) -> int:
    """The descriptor of the folder's file, locked before the file gets its name; -1 on Windows."""
    try:
        import fcntl
    except ImportError:
        return -1
    new = folder / f"{OWNER}.new"
    lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(lock, MARK)
        # A file system without locks: the folder then counts as held, since nobody can lock it.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(folder / OWNER)
    except BaseException:
        os.close(lock)
        raise
    return lock


def remove_abandoned(where: Path) -> None:
    """Remove the folders in `where` whose owner has ended without removing them."""
    try:
        with os.scandir(where) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PREFIXES)]
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError), _abandoned(where / name) as is_abandoned:
            if is_abandoned:
                remove_tree(where / name)


@contextlib.contextmanager
def _abandoned(folder: Path) -> Iterator[bool]:
    """Whether nobody holds a folder; it is locked during the block. Raises OSError."""
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or not hasattr(os, "geteuid"):
        yield False
        return
    if about.st_uid != os.geteuid():
        yield False
        return
    try:
        lock = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        # killed between making the folder and its file: removed only if it is empty
        if time.time() - about.st_mtime > NEW:
            folder.rmdir()
        yield False
        return
    try:
        yield _lock_is_free(lock, folder)
    finally:
        os.close(lock)


def _lock_is_free(lock: int, folder: Path) -> bool:
    """Takes the lock of a file of ours; False for another file, or one that is held."""
    import fcntl

    about = os.fstat(lock)
    if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid():
        return False
    if os.pread(lock, len(MARK) + 1, 0) != MARK:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    # Another process may have removed the folder meanwhile.
    return os.path.samestat(about, (folder / OWNER).lstat())


def remove_tree(folder: Path) -> None:
    """Delete a folder with everything in it, however deep or closed. May be called twice."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # folders nested too deep, or closed to their owner
        with contextlib.suppress(OSError):
            _flatten(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _flatten(top: Path) -> None:
    """Empty a folder of any depth, by moving the content of its subfolders up into it repeatedly.

    Never follows a link, even if one replaces a folder meanwhile.
    """
    here = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while names := os.listdir(here):  # noqa: PTH208
            for name in names:
                try:
                    os.unlink(name, dir_fd=here)
                # macOS raises PermissionError for a folder.
                except (IsADirectoryError, PermissionError):
                    _move_up(name, here)
    finally:
        os.close(here)


def _move_up(name: str, here: int) -> None:
    """Move the content of a folder to its parent `here`, and remove the folder."""
    if sys.platform == "linux" and os.geteuid() != 0:
        handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
        Path(f"/proc/self/fd/{handle}").chmod(0o700)
        os.close(handle)
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    try:
        for part in os.listdir(folder):  # noqa: PTH208
            os.rename(part, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=here)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=here)
