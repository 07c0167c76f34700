"""A process of its own for a submission's script: started, asked, limited in time and memory, killed whole.

The folder it runs in is made for it: the worker's two files, a pristine utils.py and the submission's scripts.
The process starts with an empty environment, in a session of its own, so that one signal ends all it started.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import utils
from grader import protocol
from grader.errors import BadReply, Died, TimedOut
from grader.rubric import Limits

GRADER = Path(__file__).resolve().parent
LEVEL = "none"  # a plain process: crashes and hangs are held, malice is not
PIPE_SIZE = 1 << 20  # bytes; eight times the throughput of the default for the training images

# Runs first in the new process: no core files, bounded memory, and (on Linux) death with the grader's own process.
_LIMITER = """
import ctypes, os, resource, signal, sys
memory = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if memory and sys.platform == "linux":
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.execv(sys.executable, [sys.executable, "-I", "-B", *sys.argv[2:]])
"""


class Process:
    """One worker process. `call` asks it something; `close` kills it and all it started."""

    def __init__(self, scripts: dict[str, bytes], limits: Limits, *, device: str = "cpu", threads: int | None = None):
        self.limits = limits
        memory = limits.memory_bytes if device == "cpu" else 0  # CUDA reserves address space without end
        self.folder = Path(tempfile.mkdtemp(prefix="submission-"))
        for name, source in scripts.items():
            (self.folder / name).write_bytes(source)
        for path in (GRADER / "worker.py", GRADER / "protocol.py", Path(utils.__file__)):
            shutil.copyfile(path, self.folder / path.name)
        self.printed = _Tail(limits.output_bytes)
        request_read, self._write_fd = os.pipe()
        self._read_fd, reply_write = os.pipe()
        for fd in (self._write_fd, self._read_fd):
            os.set_blocking(fd, False)
            _enlarge(fd)
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-c",
                    _LIMITER,
                    str(memory),
                    str(self.folder / "worker.py"),
                    str(request_read),
                    str(reply_write),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(request_read, reply_write),
                cwd=self.folder,
                env=self._environment(threads),
                start_new_session=True,
            )
        finally:
            os.close(request_read)
            os.close(reply_write)
        assert self._process.stderr is not None
        self._reader = threading.Thread(target=self.printed.drain, args=(self._process.stderr,), daemon=True)
        self._reader.start()

    def _environment(self, threads: int | None) -> dict[str, str]:
        """Nothing of the instructor's environment but what makes arithmetic run as it does outside."""
        kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES") if key in os.environ}
        count = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)} if threads else {}
        home = str(self.folder)
        return {"PATH": os.defpath, "HOME": home, "TMPDIR": home, "PYTHONIOENCODING": "utf-8", **kept, **count}

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
        if not isinstance(reply, dict) or reply.get("id") != identity or len(reply) != 2:
            self.close()
            raise BadReply("the answer does not belong to the call.")
        return reply

    def _write(self, view: memoryview, deadline: float) -> None:
        while view:
            _wait(lambda left: select.select([], [self._write_fd], [], left)[1], deadline)
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(self._write_fd, view) :]

    def _read(self, count: int, deadline: float) -> bytearray:
        content = bytearray()
        while len(content) < count:
            _wait(lambda left: select.select([self._read_fd], [], [], left)[0], deadline)
            with contextlib.suppress(BlockingIOError):
                chunk = os.read(self._read_fd, min(count - len(content), PIPE_SIZE))
                if not chunk:
                    raise EOFError
                content += chunk
        return content

    def _epitaph(self) -> str:
        """What is known of how it ended."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = None  # it closed the pipe and lives on
        self.close()
        if status is None:
            return "the script closed the line to the grader and gave no answer."
        if status < 0:
            name = signal.Signals(-status).name if -status in list(signal.Signals) else str(-status)
            why = " (out of memory?)" if name == "SIGKILL" else ""
            return f"the script's process was ended by {name}{why}."
        return f"the script ended its process with exit status {status} in the middle of a call: os._exit, or a crash?"

    def close(self) -> None:
        """Kill it and whatever it started, and remove its folder. May be called twice."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=1)
        for fd in (self._write_fd, self._read_fd):
            if fd >= 0:
                os.close(fd)
        self._write_fd = self._read_fd = -1
        shutil.rmtree(self.folder, ignore_errors=True)


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
        return b"".join(self.chunks)[-self.size :].decode("utf-8", "replace")


def _wait(ready: Callable[[float], list[Any]], deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0 or not ready(left):
        raise TimeoutError


def _enlarge(fd: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # above the user's limit: slower, not wrong
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
