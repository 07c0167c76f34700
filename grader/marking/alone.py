"""Keep other markings on this machine waiting while a check is repeated.

Each marking holds a shared lock while it marks a section; a repeat holds an exclusive one. Whoever
waits for the exclusive lock keeps a second one, so that no new section starts meanwhile. Locks are
advisory and waiting is limited: in the worst case, a check is repeated among others.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from grader import GRADER

LONGEST_WAIT = 900.0  # seconds; most trainings have ended by then
POLL_INTERVAL = 0.05  # seconds


class MachineLock:
    """The lock of the markings of one installation, taken on files of it, so none is left behind.

    `entrance` is closed while somebody wants to be alone.
    """

    def __init__(self, folder: Path = GRADER):
        self._files = {"entrance": folder / "__init__.py", "marking": folder / "__main__.py"}
        self._marking: int | None = None

    @contextlib.contextmanager
    def among_others(self) -> Iterator[None]:
        """Marks a section, beside other markings but not beside one that is alone."""
        if self._marking is not None:  # a section within a section
            yield
            return
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError), self._opened("entrance") as entrance:
                self._lock(entrance, fcntl.LOCK_EX)
                self._marking = stack.enter_context(self._opened("marking"))
                self._lock(self._marking, fcntl.LOCK_SH)
            try:
                yield
            finally:
                self._marking = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Repeats a check while no other marking computes."""
        marking = self._marking
        if marking is None:
            yield
            return
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                fcntl.flock(marking, fcntl.LOCK_UN)  # or two would wait for each other
                self._lock(stack.enter_context(self._opened("entrance")), fcntl.LOCK_EX)
                self._lock(marking, fcntl.LOCK_EX)
            yield
            with contextlib.suppress(OSError):
                fcntl.flock(marking, fcntl.LOCK_SH)

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        fd = os.open(self._files[name], os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield fd
        finally:
            os.close(fd)  # which releases its lock

    def _lock(self, fd: int, kind: int) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < deadline:
            try:
                fcntl.flock(fd, kind | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                time.sleep(POLL_INTERVAL)


MACHINE = MachineLock()
