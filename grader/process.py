"""A worker process: asked over two pipes, limited in time and memory, stopped between calls, ended with all it started."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from grader import cgroup, protocol, tree
from grader.errors import BadReply, Died, TimedOut
from grader.rubric import Limits
from grader.sandbox import Order, Sandbox, Started, start
from grader.workplace import Workplace

PIPE_SIZE = 1 << 20  # bytes; eight times the throughput of the default for the training images
GLANCE = 0.05  # seconds between two looks at the memory of a worker that is thinking


class Process:
    """One worker. `call` asks it something; `close` ends it and all it started."""

    def __init__(
        self, scripts: dict[str, bytes], limits: Limits, sandbox: Sandbox, *,
        packages: tuple[str, ...], device: str = "cpu", threads: int | None = None,
    ):  # fmt: skip
        self.limits = limits
        self.printed = _Tail(limits.output_bytes)
        self._place = Workplace(scripts)
        request_read, self._write_fd = os.pipe()
        self._read_fd, reply_write = os.pipe()
        for fd in (self._write_fd, self._read_fd):
            os.set_blocking(fd, False)
            _enlarge(fd)
        order = Order(
            self._place.folder, packages, _for_kernel(limits, device), limits.scratch_bytes, device == "cuda",
            _environment(sandbox, self._place, device, threads), (request_read, reply_write),
        )  # fmt: skip
        try:
            self._started: Started = start(sandbox, order)
        except BaseException:
            self._place.remove()
            raise
        finally:
            os.close(request_read)
            os.close(reply_write)
        self._process = self._started.process
        self._worker = _Handle(self._started.pid)
        self._group = cgroup.hold(self._started.pid, limits.memory_bytes + limits.scratch_bytes)  # tmpfs is memory too
        assert self._process.stderr is not None
        self._reader = threading.Thread(target=self.printed.drain, args=(self._process.stderr,), daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self._process.poll() is None

    def call(self, op: str, arguments: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The reply to one request: a dict with "value" or "error". Raises Died, TimedOut or BadReply; it is over then."""
        deadline = time.monotonic() + seconds
        identity = secrets.token_hex(16)
        request = {"id": identity, "op": op, "arguments": arguments}
        try:
            if self._may_read(0):
                raise protocol.ProtocolError("it came before the question")
            self._worker.signal(signal.SIGCONT)
            for buffer in protocol.pack(request):
                self._write(memoryview(buffer), deadline)
            reply = protocol.unpack(lambda count: self._read(count, deadline), self.limits.reply_bytes)
        except (EOFError, BrokenPipeError):
            raise Died(self._epitaph()) from None
        except TimeoutError:
            self.close()
            raise TimedOut(f"no answer within {seconds:g} s; the call was stopped.") from None
        except protocol.ProtocolError as error:
            self.close()
            raise BadReply(f"the answer cannot be read: {error}.") from None
        except Died:
            self.close()
            raise
        if not isinstance(reply, dict) or reply.get("id") != identity or len(reply) != 2:
            self.close()
            raise BadReply("the answer does not belong to the call.")
        self._rest()
        return reply

    def _rest(self) -> None:
        """Stop it until the next call, and end what it started: nothing of a submission runs unasked."""
        self._worker.signal(signal.SIGSTOP)
        tree.kill_descendants(self._started.pid)

    def _may_read(self, seconds: float) -> bool:
        return bool(select.select([self._read_fd], [], [], seconds)[0])

    def _write(self, view: memoryview, deadline: float) -> None:
        while view:
            self._wait(lambda left: bool(select.select([], [self._write_fd], [], left)[1]), deadline)
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self._write_fd, view) :]

    def _read(self, count: int, deadline: float) -> bytearray:
        content = bytearray()
        while len(content) < count:
            self._wait(self._may_read, deadline)
            with contextlib.suppress(BlockingIOError):
                chunk = os.read(self._read_fd, min(count - len(content), PIPE_SIZE))
                if not chunk:
                    raise EOFError
                content += chunk
        return content

    def _wait(self, ready: Callable[[float], bool], deadline: float) -> None:
        """Wait for a pipe, with a look at the memory now and then. Raises TimeoutError, or Died for too much memory."""
        while (left := deadline - time.monotonic()) > 0:
            if ready(min(left, GLANCE)):
                return
            self._expect_modest()
        raise TimeoutError

    def _expect_modest(self) -> None:
        """Raises Died for a worker that holds too much memory, or disk where nothing else limits that."""
        pid = self._started.pid
        memory = tree.memory([pid, *tree.descendants(pid)])
        for held, limit, what in (
            (memory, self.limits.memory_bytes, "memory"), (self._place.scratch_bytes(), self.limits.scratch_bytes, "files"),
        ):  # fmt: skip
            if held > limit:
                raise Died(
                    f"the script's process took {held / 1e6:.0f} MB of {what}, expected at most {limit / 1e6:.0f}; it was ended."
                )

    def _epitaph(self) -> str:
        """What is known of how it ended."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = None  # it closed the pipe and lives on
        why_killed = self._why_killed()
        self.close()
        if status is None:
            return "the script closed the line to the grader and gave no answer."
        if status > 128:
            status = 128 - status  # so bubblewrap and the guard pass on that a signal ended it
        if status < 0:
            name = signal.Signals(-status).name if -status in list(signal.Signals) else str(-status)
            known = {"SIGKILL": why_killed, "SIGXCPU": " (too much computing)"}
            return f"the script's process was ended by {name}{known.get(name, '')}."
        return f"the script ended its process with exit status {status} in the middle of a call: os._exit, or a crash?"

    def _why_killed(self) -> str:
        if self._group is not None and self._group.ran_out:
            return f": it took more than {self.limits.memory_bytes / 1e6:.0f} MB of memory"
        return " (out of memory?)"

    def close(self) -> None:
        """End it and whatever it started, and remove its folder. May be called twice."""
        self._worker.signal(signal.SIGSTOP)  # so that it starts nothing while the rest is ended
        tree.kill_descendants(self._started.pid)
        self._worker.signal(signal.SIGKILL)
        try:
            self._process.wait(timeout=1)  # bubblewrap and the guard end with the worker
        except subprocess.TimeoutExpired:
            for group in (self._started.pid, self._process.pid):  # the worker's, and that of its guard
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL)
            self._process.wait()
        if self._group is not None:
            self._group.remove()
        self._worker.close()
        self._reader.join(timeout=1)
        for fd in (self._write_fd, self._read_fd):
            if fd >= 0:
                os.close(fd)
        self._write_fd = self._read_fd = -1
        self._place.remove()


class _Handle:
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


def _for_kernel(limits: Limits, device: str) -> dict[str, int]:
    """The limits that the kernel keeps. CUDA reserves address space without end."""
    address_space = 0 if device == "cuda" or sys.platform != "linux" else limits.address_bytes
    return {"AS": address_space, "CPU": limits.cpu_seconds, "FSIZE": limits.scratch_bytes, "NOFILE": limits.open_files,
            "NPROC": limits.processes + _tasks_of_this_user()}  # fmt: skip


def _tasks_of_this_user() -> int:
    """How many threads this user runs, where the worker will be the same user: the kernel counts them all together."""
    if not tree.HAS_PROC or os.geteuid() == 0:
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


def _environment(sandbox: Sandbox, place: Workplace, device: str, threads: int | None) -> dict[str, str]:
    """Nothing of the instructor's environment but the number of threads, and what CUDA needs."""
    threads = threads or asked_threads()
    home = "/scratch" if sandbox.level == "bubblewrap" else str(place.folder / "scratch")
    kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES") if key in os.environ}
    count = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)} if threads else {}
    return {
        "PATH": os.defpath,
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "USER": "student",
        **(kept if device == "cuda" else {}),
        **count,
    }


class _Tail:
    """The end of what a process prints, at most `size` bytes of it."""

    def __init__(self, size: int):
        self.size = size
        self.chunks: deque[bytes] = deque()

    def drain(self, stream: IO[bytes]) -> None:
        """Read to the end, so that the process never waits for a full pipe; keep the last bytes."""
        kept = 0
        with contextlib.suppress(ValueError, OSError):
            while chunk := os.read(stream.fileno(), 65536):
                self.chunks.append(chunk)
                kept += len(chunk)
                while kept - len(self.chunks[0]) >= self.size:
                    kept -= len(self.chunks.popleft())
        stream.close()

    def text(self) -> str:
        """What was kept, as text."""
        return b"".join(list(self.chunks))[-self.size :].decode("utf-8", "replace")


def _enlarge(fd: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # above the user's limit: slower, not wrong
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
