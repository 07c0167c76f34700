"""The lock of a gradebook: one command at a time writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from grader.errors import CannotGrade


@contextmanager
def alone(gradebook: Path) -> Iterator[None]:
    """Locks the gradebook. Raises CannotGrade if another batch is writing it."""
    if not gradebook.absolute().parent.is_dir():
        raise CannotGrade(f"{gradebook} cannot be written, expected a file in a folder that exists")
    # released when the process ends, in whatever way
    lock = FileLock(f"{gradebook.resolve()}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CannotGrade(
            f"another batch is writing {gradebook}; wait for it, or stop it"
        ) from None
    except OSError as error:
        raise CannotGrade(
            f"{gradebook} cannot be written ({error.strerror}), expected a writable folder"
        ) from None
    try:
        yield
    finally:
        lock.release()
