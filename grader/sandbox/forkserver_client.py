"""The trusted side's handle on a fork server: starts it in the sandbox and has it fork workers.

Everything inside the sandbox belongs to the submission, including the server once a script has run
beside it, and may answer anything. So whatever the kernel can be asked is not taken from the
server's answers, the server is stopped whenever nothing is asked of it, and one that does not
follow the protocol is killed and replaced.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from grader.errors import expecting_room
from grader.rules import Limits
from grader.sandbox import bubblewrap, cgroup, process_tree
from grader.sandbox.launch import LaunchSpec, Started, hand_over
from grader.sandbox.levels import Sandbox, confirmed, finish, start
from grader.sandbox.output import Output
from grader.sandbox.workdir import Workdir

FORK_TIMEOUT = 10.0  # seconds; a fork takes a few milliseconds
T = TypeVar("T")
PRELOADED = ("worker.worker", "torch")  # the first imports NumPy


class ForkServer:
    """One sandboxed process that forks workers for the scripts of a submission, one at a time."""

    def __init__(
        self,
        scripts: Mapping[str, bytes],
        limits: Limits,
        sandbox: Sandbox,
        *,
        packages: tuple[str, ...],
        device: str = "cpu",
        threads: int | None = None,
    ):
        self.scripts, self.limits, self.sandbox = scripts, limits, sandbox
        self.packages, self.device, self.threads = packages, device, threads
        self._started: Started | None = None

    def give(self, scripts: Mapping[str, bytes]) -> None:
        """Take these scripts in place of those before; no worker may have been forked yet."""
        self.scripts = scripts
        if self._started is None:
            return
        try:
            self._workdir.write(scripts)
            if self._spec.user is not None:
                hand_over(self._workdir.folder / "code", self._spec.user)
        except OSError:  # half a script may be there: the next one writes them again
            self.close()

    def for_scripts(self, scripts: Mapping[str, bytes]) -> ForkServer:
        """A new server with the same settings, for other scripts."""
        return ForkServer(
            scripts,
            self.limits,
            self.sandbox,
            packages=self.packages,
            device=self.device,
            threads=self.threads,
        )

    @property
    def is_begun(self) -> bool:
        """Whether it was started, and has not ended since."""
        return self._started is not None and self._started.process.poll() is None

    def begin(self) -> None:
        """Start it unless it runs; returns at once, while the server is still importing."""
        if self.is_begun:
            return
        self.close()
        try:
            self._start()
        except (RuntimeError, OSError):
            if not self._takes_another_level():
                raise
            self._start()

    def _takes_another_level(self) -> bool:
        """Whether its level was only expected, and trying it out shows that it is another one.

        Raises CannotGrade where there is none.
        """
        before, self.sandbox = self.sandbox.level, confirmed(self.sandbox)
        return self.sandbox.level != before

    def _start(self) -> None:
        self._workdir = Workdir(self.scripts, mounted=self.sandbox.level == "bubblewrap")
        ours, theirs = socket.socketpair()
        spec = LaunchSpec(
            folder=self._workdir.folder,
            ours=self._workdir.ours,
            packages=self.packages,
            limits=_kernel_limits(self.limits),
            scratch_bytes=self.limits.scratch_bytes,
            cuda=self.device == "cuda",
            environment=_environment(self.sandbox, self._workdir, self.device, self.threads),
            control=theirs.fileno(),
            preloaded=_preloaded(self.packages),
        )
        try:
            with expecting_room(self._workdir.folder.parent):
                self._started = start(self.sandbox, spec)
        except BaseException:
            ours.close()
            self._workdir.remove()
            raise
        finally:
            theirs.close()
        self._control, self._is_ready, self._spec = ours, False, spec
        self._server = Handle(self._started.pid)
        self._group = cgroup.hold(self._started.pid, self.limits.submission_bytes)
        assert self._started.process.stderr is not None
        self._output = Output(self._started.process.stderr, self.limits.output_bytes)

    def fork(self, script: str, requests: int, replies: int, output: int, stack: int) -> int:
        """The pid of a new worker for a script, which gets these ends of four pipes.

        Raises RuntimeError where no worker starts. No code of the student's has run by then, so
        that is a grader error.
        """
        memory_bytes = self.limits.memory_bytes[script]
        pid = self._twice(lambda: self._fork([requests, replies, output, stack], memory_bytes))
        self._held_at_fork = process_tree.memory([pid])
        return pid

    def confirm(self) -> None:
        """Start it unless it runs, and wait until it is ready: its level is tried out by then.

        Raises RuntimeError or OSError where it does not get ready, and CannotGrade where no level
        works.
        """
        self._twice(self._be_ready)

    def _twice(self, attempt: Callable[[], T]) -> T:
        """What an attempt returns; the second with another server, where the first is unusable."""
        for _ in range(2):  # an earlier worker may have damaged the first server
            self.begin()
            try:
                return attempt()
            except _Unusable as problem:
                reason = f"{problem} {self._output.text()}"
                self.close()
                self._takes_another_level()
        raise RuntimeError(f"the worker did not start: {reason.strip()}")

    def _be_ready(self) -> None:
        if self._is_ready:
            return
        assert self._started is not None
        self._expect(b"r", self.limits.import_seconds)
        try:
            finish(self.sandbox, self._started, self._spec)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            raise _Unusable(str(error)) from None
        self.sandbox = replace(self.sandbox, expected_for="")
        self._is_ready = True

    def _fork(self, descriptors: list[int], memory_bytes: int) -> int:
        self._be_ready()
        self.kill_all_but()
        request = b"f" + struct.pack("=q", self._address_limit(memory_bytes))
        self._server.signal(signal.SIGCONT)
        try:
            socket.send_fds(self._control, [request], descriptors)
        except OSError:
            raise _Unusable("it has ended.") from None
        claimed = self._expect(b"f", FORK_TIMEOUT)
        self._server.signal(signal.SIGSTOP)
        if not process_tree.HAS_PROC:
            return claimed
        living = [
            pid for pid in process_tree.descendants(self._pid) if not process_tree.is_ended(pid)
        ]
        if len(living) != 1:
            raise _Unusable(f"it has {len(living)} processes, expected 1.")
        return living[0]

    def _address_limit(self, memory_bytes: int) -> int:
        """The address space that a worker may have: what its server has now, and this; 0 for any.

        A worker is only one process, so this bounds its memory. RLIMIT_DATA would not: the kernel
        takes memory off it that is made read-only. CUDA reserves address space without bounds, so
        there the memory is only checked.
        """
        if not process_tree.HAS_PROC or self.device == "cuda":
            return 0
        try:
            return process_tree.address_space(self._pid) + memory_bytes
        except OSError:
            raise _Unusable("it has ended.") from None

    def status(self) -> int | None:
        """The exit status of the last worker, negative for a signal; None if it is unknown."""
        if self._started is None:
            return None
        try:
            self._server.signal(signal.SIGCONT)
            self._control.sendall(b"s")
            return self._expect(b"s", FORK_TIMEOUT)
        except (_Unusable, OSError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                # bubblewrap and the guard exit with 128 plus the signal that ended the worker.
                status = self._started.process.wait(timeout=1)
                return status if status <= 128 else 128 - status
        return None

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed a process in its control group, if any, for memory."""
        return self._started is not None and self._group is not None and self._group.ran_out

    def memory(self) -> int:
        """Bytes that the worker and everything that it started hold, beyond what it began with."""
        return process_tree.memory(process_tree.descendants(self._pid)) - self._held_at_fork

    def scratch_bytes(self) -> int:
        """Bytes of files that the worker wrote to this machine's disk."""
        return self._workdir.scratch_bytes()

    def kill_all_but(self, worker: int = 0) -> None:
        """Stop the server, and kill everything in the sandbox but the server and the worker."""
        if self._started is None:
            return
        self._server.signal(signal.SIGSTOP)
        process_tree.kill_descendants(self._pid, spared=worker)

    @property
    def _pid(self) -> int:
        assert self._started is not None
        return self._started.pid

    def _expect(self, letter: bytes, seconds: float) -> int:
        """The number in its answer. Raises _Unusable for any other answer, or none."""
        size = struct.calcsize("=ci")
        content, deadline = b"", time.monotonic() + seconds
        try:
            while len(content) < size:
                self._control.settimeout(max(0.001, deadline - time.monotonic()))
                chunk = self._control.recv(size - len(content))
                if not chunk:
                    raise _Unusable("it has ended.")
                content += chunk
        except TimeoutError:
            raise _Unusable(f"no answer within {seconds:g} s.") from None
        except OSError as error:
            raise _Unusable(f"{error.strerror}.") from None
        got, number = struct.unpack("=ci", content)
        if got != letter or (letter == b"f" and number < 1):
            raise _Unusable(f"it answered {got!r} {number}, expected {letter!r}.")
        return int(number)

    def close(self) -> None:
        """Kill it with everything in the sandbox, and remove its folder. May be called twice."""
        if self._started is None:
            return
        process, pid = self._started.process, self._started.pid
        self._server.signal(signal.SIGSTOP)  # it must not fork during the kills
        process_tree.kill_descendants(pid)
        self._server.signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)  # bubblewrap and the guard end with it
        self._started.end()
        if self._group is not None:
            self._group.remove()
        self._server.close()
        self._output.close()
        self._control.close()
        self._workdir.remove()
        self._started = None


class _Unusable(Exception):
    """The server does not follow the protocol."""


class Handle:
    """A process to send signals to, never confused with a later process that reuses its pid."""

    def __init__(self, pid: int):
        self._pid = pid
        try:
            self._fd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
        except ProcessLookupError:  # it has ended already
            self._pid, self._fd = 0, -1

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; does nothing if the process has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._fd >= 0:
                signal.pidfd_send_signal(self._fd, number)
            elif self._pid:
                os.kill(self._pid, number)

    def close(self) -> None:
        """Forget the process; later signals go nowhere."""
        if self._fd >= 0:
            os.close(self._fd)
        self._pid, self._fd = 0, -1


def _preloaded(packages: tuple[str, ...]) -> tuple[str, ...]:
    """The modules to import before a fork: none on macOS, whose libraries do not survive a fork."""
    if sys.platform != "linux":
        return ()
    return tuple(name for name in PRELOADED if name in ("worker.worker", *packages))


def _kernel_limits(limits: Limits) -> dict[str, int]:
    """The limits for setrlimit."""
    return {
        "CPU": limits.cpu_seconds,
        "FSIZE": limits.scratch_bytes,
        "NOFILE": limits.open_files,
        "NPROC": limits.processes + _tasks_of_this_user(),
        **({"SIGPENDING": 1024} if sys.platform == "linux" else {}),  # and timers
    }


def _tasks_of_this_user() -> int:
    """The threads of this user, if the worker runs as the same: the kernel counts them together."""
    if not process_tree.HAS_PROC or os.geteuid() == 0:
        return 0
    mine = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.geteuid():
                mine += sum(1 for _ in (process / "task").iterdir())
    return mine


def asked_threads() -> int | None:
    """The instructor's OMP_NUM_THREADS; None where it is not set."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else None


def _environment(
    sandbox: Sandbox, workdir: Workdir, device: str, threads: int | None
) -> dict[str, str]:
    """A minimal environment: of the instructor's, only the thread count and what CUDA needs.

    There is no display, so matplotlib draws to memory.
    """
    threads = threads or asked_threads()
    home = bubblewrap.SCRATCH if sandbox.level == "bubblewrap" else str(workdir.folder / "scratch")
    kept = {
        key: os.environ[key]
        for key in ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
        if key in os.environ
    }
    count = (
        {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)} if threads else {}
    )
    return {
        "PATH": os.defpath,
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "USER": "student",
        "MPLBACKEND": "Agg",
        # of the limited address space, an arena reserves 64 MB and the stack of a thread 8
        "MALLOC_ARENA_MAX": "2",
        "OMP_STACKSIZE": "4M",
        # freed memory stays for the next step, as assignment/memory.py does in a student's run
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
        **(kept if device == "cuda" else {}),
        **count,
    }
