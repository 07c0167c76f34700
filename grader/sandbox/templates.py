"""Forks fork servers from a process that has imported their packages, instead of starting them.

Importing torch takes longer than all section checks of a submission. The first fork server for a
set of packages that this process starts imports them itself; before the second, a template is
started (template_process.py), from which that one and all later ones are forked. It ends with this
process.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO

from grader import GRADER
from grader.sandbox.visible_paths import visible_paths
from grader.sandbox.waiting import readable

SCRIPT = GRADER / "sandbox" / "template_process.py"
ANSWER_SECONDS = 120.0  # the first answer waits for the import of torch, on a machine that is busy
OWN_VARIABLES = ("HOME", "TMPDIR")  # those of the environment that differ between submissions


class Unavailable(Exception):
    """The template does not answer, or cannot be started."""


class Template:
    """A process that has imported packages; `fork` makes another process of it."""

    def __init__(
        self, packages: tuple[str, ...], modules: Sequence[str], environment: Mapping[str, str]
    ):
        visible = visible_paths(packages)
        names = sorted({path.name.partition(".")[0] for path in visible.packages})
        settings = {
            "search": visible.search,
            "visible": names,
            "hidden": [path.name.partition(".")[0] for path in visible.hidden if path.is_file()],
            "modules": modules,
        }
        self._control, theirs = socket.socketpair()
        python = [str(visible.python), "-I", "-S", "-B", "-X", "utf8"]
        try:
            self._process = subprocess.Popen(
                [*python, str(SCRIPT), str(theirs.fileno()), json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            self._control.close()
            raise Unavailable(str(error)) from None
        finally:
            theirs.close()
        self._descriptor = os.pidfd_open(self._process.pid)
        self._control.settimeout(ANSWER_SECONDS)
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Its pid."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it takes requests."""
        return self._descriptor >= 0 and not readable(self._descriptor, 0)

    def fork(self, job: int, descriptors: Sequence[int]) -> Forked:
        """A process that runs a job, which the descriptor `job` holds. Raises Unavailable."""
        read, write = os.pipe()
        try:
            pid = self._ask(b"f", [job, *descriptors, write])
            return Forked(self, pid, os.fdopen(read, "rb"))
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)

    def exit_status(self, pid: int) -> int:
        """The exit status of a forked process that has ended. Raises Unavailable."""
        return self._ask(b"w" + struct.pack("=i", pid), [])

    def _ask(self, message: bytes, descriptors: Sequence[int]) -> int:
        with self._lock:
            try:
                socket.send_fds(self._control, [message], descriptors)
                answer = self._control.recv(struct.calcsize("=i"), socket.MSG_WAITALL)
            except OSError as error:
                self.close()  # a late answer would be taken for that to the next request
                raise Unavailable(f"{error}") from None
        if len(answer) < struct.calcsize("=i"):
            raise Unavailable("it has ended")
        return int(struct.unpack("=i", answer)[0])

    def close(self) -> None:
        """End it. What was forked from it ends too: its guards notice."""
        self._process.kill()
        self._process.wait()
        self._control.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Forked:
    """A process that a template forked, with what is needed here of subprocess.Popen."""

    def __init__(self, template: Template, pid: int, stderr: IO[bytes]):
        self.pid = pid
        self.stderr: IO[bytes] | None = stderr
        self.returncode: int | None = None
        self._template = template
        self._descriptor = os.pidfd_open(pid)  # not reaped yet, so it is this one

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(timeout=0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not readable(self._descriptor, timeout):
                raise subprocess.TimeoutExpired("worker", timeout or 0)
            os.close(self._descriptor)
            self.returncode = -signal.SIGKILL
            with contextlib.suppress(Unavailable):  # it ended because the template did
                self.returncode = self._template.exit_status(self.pid)
        return self.returncode


_Key = tuple[int, tuple[str, ...], tuple[tuple[str, str], ...]]
_templates: dict[_Key, Template | None] = {}  # None after the first request
_making = threading.Lock()  # a process of Dask may mark in several threads
_unavailable: list[str] = []  # why this machine can have none
_many: set[int] = set()  # the pids of processes that mark many submissions


def template_for(packages: tuple[str, ...], environment: Mapping[str, str]) -> Template | None:
    """The template for a fork server with these settings; None for one that is to be started.

    That is the first with its settings, unless `expect_many` was called.
    """
    if sys.platform != "linux" or _unavailable:
        return None
    common = {name: value for name, value in environment.items() if name not in OWN_VARIABLES}
    key = (os.getpid(), packages, tuple(sorted(common.items())))
    if key not in _templates and os.getpid() not in _many:
        _templates[key] = None
        return None
    with _making:
        template = _templates.get(key)
        if template is None or not template.alive:
            try:
                modules = [name for name in ("numpy", "torch") if name in packages]
                template = _templates[key] = Template(packages, modules, common)
            except Unavailable as error:
                do_without(str(error))
                return None
        return template


@atexit.register
def _end_all() -> None:
    """End the templates of this process, not those of one that it is a copy of."""
    for (owner, *_), template in _templates.items():
        if template is not None and owner == os.getpid():
            template.close()


def pids() -> set[int]:
    """The templates of this process, which run as long as it does."""
    return {template.pid for template in _templates.values() if template is not None}


def expect_many() -> None:
    """Fork already the first fork servers from templates: this process marks many submissions."""
    _many.add(os.getpid())


def do_without(reason: str) -> None:
    """Start every fork server from now on: slower, and no less closed off."""
    _unavailable.append(reason)
