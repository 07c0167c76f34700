"""Calls functions in a copy of this process, with limits on memory and time.

A copy is there in a few milliseconds, where an interpreter would take fifty and more to start.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any


def answer_of_copy(
    function: Callable[[], Any],
    *,
    memory: int,
    seconds: int,
    timeout: float,
    leads: bool = False,
) -> bytes:
    """What `function` returns, as JSON; nothing if it crashed or exceeded a limit.

    The limits are those of `answers_of_copy`.
    """
    answers = answers_of_copy(
        [function], memory=memory, seconds=seconds, timeout=timeout, leads=leads
    )
    with contextlib.closing(answers):
        return next(answers, b"")


def answers_of_copy(
    functions: Sequence[Callable[[], Any]],
    *,
    memory: int,
    seconds: int,
    timeout: float,
    leads: bool = False,
) -> Generator[bytes]:
    """What each function returns, as JSON; no more after one that crashed or exceeded a limit.

    All are called in one copy, which may take `memory` bytes beyond what this process has, and
    `seconds` of processor time; it is ended if an answer takes more than `timeout` seconds. With
    `leads`, it leads a process group, which is ended with it. Close the iterator if not all answers
    are taken. Without os.fork (Windows), the functions are called here.
    """
    if not hasattr(os, "fork"):
        yield from (json.dumps(function()).encode() for function in functions)
        return
    ours, theirs = os.pipe()
    with warnings.catch_warnings(), _uninterrupted():
        # Python 3.12 warns of other threads. The child needs none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _be_copy(functions, theirs, memory, seconds, leads=leads)
    os.close(theirs)
    try:
        yield from _lines(ours, timeout)
    finally:
        os.close(ours)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            if leads:
                os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Leaves signals until the end of the block.

    Python calls functions of its own modules around a fork, and drops the exceptions that signal
    handlers raise in them: Ctrl-C would be lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _be_copy(
    functions: Sequence[Callable[[], Any]], pipe: int, memory: int, seconds: int, *, leads: bool
) -> None:
    """Write what each function returns as a line, and end this process."""
    try:
        if leads:
            os.setsid()
        _limit(memory, seconds)
        with os.fdopen(pipe, "w", encoding="utf-8") as stream:
            for function in functions:
                try:
                    line = json.dumps(function()) + "\n"
                except MemoryError:
                    os._exit(1)
                stream.write(line)
                stream.flush()
    except BaseException:  # no exception may run on in the copy of the whole program
        traceback.print_exc()
    finally:
        os._exit(0)


def _limit(memory: int, seconds: int) -> None:
    import resource

    limits = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    if sys.platform == "linux":  # macOS has no limit on address space
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + memory
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, hard))


def _lines(pipe: int, timeout: float) -> Iterator[bytes]:
    """The whole lines that come through a pipe, until one does not come in time."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    parts: list[bytes] = []
    end = time.monotonic() + timeout
    while poll.poll(max(0.0, 1000 * (end - time.monotonic()))):
        part = os.read(pipe, 1 << 20)
        if not part:
            return
        *lines, rest = part.split(b"\n")
        for line in lines:
            yield b"".join([*parts, line])
            parts.clear()
            end = time.monotonic() + timeout
        parts.append(rest)
