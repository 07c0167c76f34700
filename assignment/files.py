"""Writing files completely or not at all, and never in place of a device, a pipe or a link."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file completely or not at all.

    A regular file is replaced by a complete new one with the same mode and owner. Links are
    followed. Anything else (a device, a pipe, standard output) is written to and never replaced,
    because replacing it would harm the machine.
    """
    standard = _standard_stream(path)
    if standard is not None:
        _write_all(standard, content)
    elif path.exists() and not path.is_file():
        with path.open("wb", buffering=0) as stream:
            _write_all(stream.fileno(), content)
    else:
        _replace(Path(os.path.realpath(path)), content)


def _standard_stream(path: Path) -> int | None:
    """The descriptor of standard output or error if a path names it, as /dev/stdout does."""
    try:
        there = path.stat()
    except OSError:
        return None
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        with contextlib.suppress(OSError, ValueError):
            if os.path.samestat(there, os.fstat(descriptor)):
                stream.flush()
                return descriptor
    return None


def _replace(target: Path, content: bytes) -> None:
    with temporary_neighbour(target) as temporary:
        temporary.write_bytes(content)
        put_in_place(temporary, target)


@contextlib.contextmanager
def temporary_neighbour(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, to be filled and put in its place; removed if it was not."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def put_in_place(finished: Path, path: Path) -> None:
    """Let a finished neighbour take the place of a file, by the rules of `write_atomically`."""
    if path.exists() and not path.is_file():
        with finished.open("rb") as source, path.open("wb", buffering=0) as stream:
            shutil.copyfileobj(source, stream)
        return
    target = Path(os.path.realpath(path))
    before = target.stat() if target.exists() else None
    if before is not None and not _has_owner(finished, before):
        # another user's file: this user may write to it, but cannot make a new one for them
        shutil.copyfile(finished, target)
        return
    finished.chmod(_usual_mode() if before is None else stat.S_IMODE(before.st_mode))
    finished.replace(target)


def _has_owner(path: Path, wanted: os.stat_result) -> bool:
    """Whether a file has an owner and group, after trying to give them to it."""
    if hasattr(os, "chown"):
        with contextlib.suppress(PermissionError):
            os.chown(path, wanted.st_uid, wanted.st_gid)
    found = path.stat()
    return (found.st_uid, found.st_gid) == (wanted.st_uid, wanted.st_gid)


def _usual_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def can_be_written(path: Path) -> bool:
    """Whether `write_atomically` is likely to succeed, as far as can be told without writing."""
    if path.is_dir():
        return False
    if path.exists() and not path.is_file():
        return os.access(path, os.W_OK)
    folder = Path(os.path.realpath(path)).parent
    return folder.is_dir() and os.access(folder, os.W_OK)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
