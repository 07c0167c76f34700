"""The trusted side's handle on a fork server: starts one behind the sandbox's walls, has workers forked, knows how they ended.

What is in there is the submission's, the server itself included once a script has run beside it: it could be made to say
anything. So its answers decide nothing that the kernel can be asked, it is stopped like a worker while nothing is asked of it, and
one that does not do as told is ended and replaced.
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
from pathlib import Path

from grader.rubric import Limits
from grader.sandbox import cgroup, process_tree
from grader.sandbox.levels import LaunchSpec, Sandbox, Started, start
from grader.sandbox.output import Output
from grader.sandbox.workdir import Workdir

FORK_TIMEOUT = 10.0  # seconds for a fork, which takes some milliseconds
PRELOADED = ("worker.worker", "torch")  # the first imports NumPy


class ForkServer:
    """One sandboxed process in which workers for the scripts of a submission are forked, one at a time."""

    def __init__(
        self,
        scripts: dict[str, bytes],
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

    def for_scripts(self, scripts: dict[str, bytes]) -> ForkServer:
        """Another such server, for other scripts."""
        return ForkServer(
            scripts,
            self.limits,
            self.sandbox,
            packages=self.packages,
            device=self.device,
            threads=self.threads,
        )

    def begin(self) -> None:
        """Start it, unless it runs; what it has to import it goes on importing meanwhile."""
        if self._started is not None and self._started.process.poll() is None:
            return
        self.close()
        self._place = Workdir(self.scripts)
        ours, theirs = socket.socketpair()
        order = LaunchSpec(
            self._place.folder,
            self.packages,
            _for_kernel(self.limits, self.device),
            self.limits.scratch_bytes,
            self.device == "cuda",
            _environment(self.sandbox, self._place, self.device, self.threads),
            theirs.fileno(),
            _preloaded(self.packages),
        )
        try:
            self._started = start(self.sandbox, order)
        except BaseException:
            ours.close()
            self._place.remove()
            raise
        finally:
            theirs.close()
        self._control, self._is_ready = ours, False
        self._server = Handle(self._started.pid)
        # tmpfs is memory too
        self._group = cgroup.hold(
            self._started.pid, self.limits.memory_bytes + self.limits.scratch_bytes
        )
        assert self._started.process.stderr is not None
        self._printed = Output(self._started.process.stderr, self.limits.output_bytes)

    def fork(self, requests: int, replies: int, printed: int) -> int:
        """The number of a new worker, which has these ends of three pipes. Raises RuntimeError where none comes up:
        no code of the student's has run by then, so that is the grader's own fault."""
        for _ in range(2):  # the first may have been spoilt by a worker before
            self.begin()
            try:
                return self._fork([requests, replies, printed])
            except _Unusable as problem:
                reason = f"{problem} {self._printed.text()}"
                self.close()
        raise RuntimeError(f"the worker did not start: {reason.strip()}")

    def _fork(self, descriptors: list[int]) -> int:
        if not self._is_ready:
            self._expect(b"r", self.limits.import_seconds)
            self._is_ready = True
        self.rest(stopped=False)
        try:
            socket.send_fds(self._control, [b"f"], descriptors)
        except OSError:
            raise _Unusable("it has ended.") from None
        told = self._expect(b"f", FORK_TIMEOUT)
        self._server.signal(signal.SIGSTOP)
        if not process_tree.HAS_PROC:
            return told
        living = [
            pid for pid in process_tree.descendants(self._pid) if not process_tree.is_ended(pid)
        ]
        if len(living) != 1:
            raise _Unusable(f"it has {len(living)} processes, expected 1.")
        return living[0]

    def status(self) -> int | None:
        """How the last worker ended: its exit status, negative for a signal; None if that cannot be known."""
        if self._started is None:
            return None
        try:
            self._server.signal(signal.SIGCONT)
            self._control.sendall(b"s")
            return self._expect(b"s", FORK_TIMEOUT)
        except (_Unusable, OSError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                # bubblewrap and the guard pass on that a signal ended it
                status = self._started.process.wait(timeout=1)
                return status if status <= 128 else 128 - status
        return None

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended something in it for lack of memory, where a control group holds it."""
        return self._started is not None and self._group is not None and self._group.ran_out

    def memory(self) -> int:
        """Bytes that the worker holds, and all that it has started."""
        return process_tree.memory(process_tree.descendants(self._pid))

    def scratch_bytes(self) -> int:
        """What the files hold that lie on this machine's own disk."""
        return self._place.scratch_bytes()

    def rest(self, *, worker: int = 0, stopped: bool = True) -> None:
        """End all that runs in it but the worker, and let the server itself stop, or go on."""
        if self._started is None:
            return
        self._server.signal(signal.SIGSTOP)
        process_tree.kill_descendants(self._pid, spared=worker)
        if not stopped:
            self._server.signal(signal.SIGCONT)

    @property
    def _pid(self) -> int:
        assert self._started is not None
        return self._started.pid

    def _expect(self, letter: bytes, seconds: float) -> int:
        """The number in its answer. Raises _Unusable for anything else."""
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
        """End it and whatever runs in it, and remove its folder. May be called twice."""
        if self._started is None:
            return
        process, pid = self._started.process, self._started.pid
        self._server.signal(signal.SIGSTOP)  # so that it starts nothing while the rest is ended
        process_tree.kill_descendants(pid)
        self._server.signal(signal.SIGKILL)
        try:
            process.wait(timeout=1)  # bubblewrap and the guard end with it
        except subprocess.TimeoutExpired:
            for group in (pid, process.pid):  # its own, and that of its guard
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL)
            process.wait()
        if self._group is not None:
            self._group.remove()
        self._server.close()
        self._printed.close()
        self._control.close()
        self._place.remove()
        self._started = None


class _Unusable(Exception):
    """The server does not do as told."""


class Handle:
    """A process to send signals to, which cannot be taken for another that got its number later."""

    def __init__(self, pid: int):
        self._pid = pid
        try:
            self._fd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
        except ProcessLookupError:  # it has ended already
            self._pid, self._fd = 0, -1

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._fd >= 0:
                signal.pidfd_send_signal(self._fd, number)
            elif self._pid:
                os.kill(self._pid, number)

    def close(self) -> None:
        """Forget the process."""
        if self._fd >= 0:
            os.close(self._fd)
        self._pid, self._fd = 0, -1


def _preloaded(packages: tuple[str, ...]) -> tuple[str, ...]:
    """What can be imported before a fork. Apple's libraries do not work in a fork of a process that has them in use."""
    if sys.platform != "linux":
        return ()
    return tuple(name for name in PRELOADED if name in ("worker.worker", *packages))


def _for_kernel(limits: Limits, device: str) -> dict[str, int]:
    """The limits that the kernel keeps. CUDA reserves address space without end."""
    address_space = 0 if device == "cuda" or sys.platform != "linux" else limits.address_bytes
    return {
        "AS": address_space,
        "CPU": limits.cpu_seconds,
        "FSIZE": limits.scratch_bytes,
        "NOFILE": limits.open_files,
        "NPROC": limits.processes + _tasks_of_this_user(),
    }


def _tasks_of_this_user() -> int:
    """How many threads this user runs, where the worker will be the same user: the kernel counts them all together."""
    if not process_tree.HAS_PROC or os.geteuid() == 0:
        return 0
    mine = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.geteuid():
                mine += sum(1 for _ in (process / "task").iterdir())
    return mine


def asked_threads() -> int | None:
    """How many threads the instructor's OMP_NUM_THREADS asks for; None where it is not set."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else None


def _environment(
    sandbox: Sandbox, place: Workdir, device: str, threads: int | None
) -> dict[str, str]:
    """Nothing of the instructor's environment but the number of threads, and what CUDA needs."""
    threads = threads or asked_threads()
    home = "/scratch" if sandbox.level == "bubblewrap" else str(place.folder / "scratch")
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
        **(kept if device == "cuda" else {}),
        **count,
    }
