"""A worker process: called over two pipes, limited in time and memory, stopped between calls."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from grader.errors import BadReply, TimedOut, WorkerCrashed, too_large
from grader.results import Frame
from grader.sandbox import process_tree
from grader.sandbox.forkserver_client import ForkServer, Handle
from grader.sandbox.output import Output
from grader.sandbox.stack import HangWatch, Place, StackPipe, own_frames
from grader.sandbox.stand_ins import Answer, Refused, reply_to
from grader.sandbox.waiting import readable, writable
from grader.worker import protocol

PIPE_SIZE = 1 << 20  # bytes; eight times the throughput of the default for the training images
OTHERS = 1 / 2  # processors that others must have used for a worker to have waited for them
POLL_INTERVAL = 0.05  # seconds between checks of a busy worker: is it alive, how much memory


class Process:
    """A worker for a script. `call` sends it a request; `close` kills it and all that it started."""

    def __init__(self, server: ForkServer, script: str):
        self.limits, self._server = server.limits, server
        self._memory_bytes = self.limits.memory_bytes[script]
        request_read, self._write_fd = os.pipe()
        self._read_fd, reply_write = os.pipe()
        error_read, error_write = os.pipe()
        stack_read, stack_write = os.pipe()
        for fd in (self._write_fd, self._read_fd):
            os.set_blocking(fd, False)
            _enlarge(fd)
        self.printed = Output(os.fdopen(error_read, "rb"), self.limits.output_bytes)
        self._stack = StackPipe(stack_read)
        self._watch = HangWatch(frozenset(), 0)
        self._excused, self._delayed_before = 0.0, 0.0
        self.waited = 0.0  # seconds of the last call in which it had no processor
        try:
            self.pid = server.fork(script, request_read, reply_write, error_write, stack_write)
        except BaseException:
            os.close(self._write_fd)
            os.close(self._read_fd)
            self._stack.close()
            raise
        finally:
            for fd in (request_read, reply_write, error_write, stack_write):
                os.close(fd)
        self._worker = Handle(self.pid)

    @property
    def alive(self) -> bool:
        """Whether it still takes calls."""
        return self._write_fd >= 0 and not self._has_ended()

    def _has_ended(self) -> bool:
        return process_tree.HAS_PROC and process_tree.is_ended(self.pid)

    def call(
        self,
        op: str,
        arguments: dict[str, Any],
        seconds: float,
        known_hangs: frozenset[Place] = frozenset(),
        excused: float = 0.0,
        answers: Mapping[str, Answer] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """The reply to one request: a dict with "value" or "error".

        A call that hangs in one of the `known_hangs` is stopped early. Up to `excused` seconds of
        waiting for a processor do not count against its limit. `answers` are the stand-ins that the
        worker may ask for values meanwhile. Raises WorkerCrashed, TimedOut or BadReply; the worker
        has been killed by then.
        """
        started = time.monotonic()
        deadline = started + seconds
        self._excused, self._delayed_before = excused, process_tree.processor_wait(self.pid)
        self._used_before, self.waited = process_tree.processor_time([self.pid]), 0.0
        self._watch = HangWatch(known_hangs, seconds)
        identity = secrets.token_hex(16)
        request = {
            "id": identity,
            "op": op,
            "arguments": arguments,
            "reply_bytes": self.limits.reply_bytes,
        }
        try:
            if self._may_read(0):
                raise protocol.ProtocolError("it came before the question")
            self._worker.signal(signal.SIGCONT)
            self._send(request, deadline)
            reply = self._reply(identity, deadline, answers)
        except (EOFError, BrokenPipeError):
            raise WorkerCrashed(self._epitaph()) from None
        except TimeoutError:
            passed = time.monotonic() - started
            self.waited = 0.0 if self._has_used_all(passed) else self._delayed()
            waited = self.waited / passed
            frames = self._own_frames()
            self.close()
            again = passed < seconds
            raise TimedOut(min(passed, seconds), trace=frames, again=again, waited=waited) from None
        except protocol.TooLarge as error:
            self.close()
            raise too_large(error.held, error.allowed, error.unit) from None
        except protocol.ProtocolError as error:
            self.close()
            raise BadReply(f"the answer cannot be read: {error}") from None
        except BaseException:  # WorkerCrashed, or a fault of ours: it must not run on
            self.close()
            raise
        if not isinstance(reply, dict) or reply.get("id") != identity or len(reply) != 2:
            self.close()
            raise BadReply("the answer does not belong to the call")
        self.waited = self._delayed()
        self._pause()
        return reply

    def _send(self, message: Any, deadline: float) -> None:
        for buffer in protocol.pack(message):
            self._write(memoryview(buffer), deadline)

    def _reply(self, identity: str, deadline: float, answers: Mapping[str, Answer]) -> Any:
        """The reply to a call, after the answers to all that the worker asks before it."""
        for number in itertools.count(1):
            received = protocol.unpack(
                lambda count: self._read(count, deadline), self.limits.reply_bytes
            )
            if not isinstance(received, dict) or "question" not in received:
                return received
            try:
                reply = reply_to(received, identity, number, answers)
            except Refused as refusal:
                raise protocol.ProtocolError(str(refusal)) from None
            self._send(reply, deadline)
        raise AssertionError("an endless loop ended")

    def _pause(self) -> None:
        """Stop it until the next call and kill what it started: nothing runs between calls."""
        self._worker.signal(signal.SIGSTOP)
        self._server.kill_all_but(self.pid)

    def _may_read(self, seconds: float) -> bool:
        return readable(self._read_fd, seconds)

    def _write(self, view: memoryview, deadline: float) -> None:
        while view:
            self._wait(lambda left: writable(self._write_fd, left), deadline)
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
        """Wait for a pipe, checking the worker at every POLL_INTERVAL.

        Raises TimeoutError, also for a known hang; EOFError where it has ended; WorkerCrashed where
        it exceeds a limit.
        """
        while (left := deadline + self._excuse() - time.monotonic()) > 0:
            if ready(min(left, POLL_INTERVAL)):
                return
            if self._has_ended():  # a child of it may hold its end of the pipe open
                raise EOFError
            self._check_limits()
            if self._watch.sees_hang(self._own_frames):
                break
        raise TimeoutError

    def _delayed(self) -> float:
        """Seconds of this call in which the worker was ready and had no processor."""
        return process_tree.processor_wait(self.pid) - self._delayed_before

    def _has_used_all(self, passed: float) -> bool:
        """Whether it kept the processors busy itself: then nobody else made it wait."""
        cores = len(os.sched_getaffinity(0)) if process_tree.HAS_PROC else 1
        pids = [self.pid, *process_tree.descendants(self.pid)]
        used = process_tree.processor_time(pids) - self._used_before
        return cores > 1 and used > passed * (cores - OTHERS)

    def _excuse(self) -> float:
        return min(self._delayed(), self._excused) if self._excused else 0.0

    def _own_frames(self) -> tuple[Frame, ...]:
        """The script's own frames on the stack of the worker, outermost first."""
        dump = self._stack.dump(lambda: self._worker.signal(signal.SIGUSR1))
        return own_frames(dump, self._server.scripts)

    def _check_limits(self) -> None:
        """Raises WorkerCrashed for too much memory, or disk where no tmpfs limits that."""
        for held, limit, what in (
            (self._server.memory(), self._memory_bytes, "memory"),
            (self._server.scratch_bytes(), self.limits.scratch_bytes, "files"),
        ):
            if held > limit:
                raise WorkerCrashed(
                    f"the script's process took {held / 1000000.0:.0f} MB of {what}",
                    f"at most {limit / 1000000.0:.0f}; it was ended",
                )

    def _epitaph(self) -> str:
        """A sentence about how the worker ended."""
        ended_by = time.monotonic() + 5
        while not self._has_ended() and time.monotonic() < ended_by:
            time.sleep(0.005)
        if not self._has_ended():
            self.close()
            return "the script closed its connection to the grader without an answer."
        status = self._server.status()
        why_killed = self._why_killed()
        self.close()
        if status is None:
            return "the script's process ended in the middle of a call."
        if status < 0:
            name = signal.Signals(-status).name if -status in list(signal.Signals) else str(-status)
            known = {
                "SIGKILL": why_killed,
                "SIGXCPU": " (too much computing)",
                "SIGABRT": " (out of memory?)",
            }
            return f"the script's process was ended by {name}{known.get(name, '')}."
        return (
            f"the script ended its process with exit status {status} in the middle of a call: "
            "os._exit, or a crash?"
        )

    def _why_killed(self) -> str:
        if self._server.ran_out_of_memory:
            return f": it took more than {self._memory_bytes / 1e6:.0f} MB of memory"
        return " (out of memory?)"

    def close(self) -> None:
        """Kill it and everything that it started. May be called twice."""
        if self._write_fd < 0:
            return
        self._worker.signal(signal.SIGSTOP)  # it must not fork during the kills
        self._server.kill_all_but()
        self._worker.signal(signal.SIGKILL)
        ended_by = time.monotonic() + 1
        while process_tree.HAS_PROC and not self._has_ended() and time.monotonic() < ended_by:
            time.sleep(0.001)
        if process_tree.HAS_PROC and not self._has_ended():
            self._server.close()  # which kills the whole sandbox
        self._worker.close()
        self.printed.close()
        self._stack.close()
        os.close(self._write_fd)
        os.close(self._read_fd)
        self._write_fd = self._read_fd = -1


def _enlarge(fd: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # above the user's limit: slower, still correct
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
