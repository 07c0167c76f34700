"""Calls a function in a copy of this process, with limits on memory and time.

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
from collections.abc import Callable, Iterator
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

    It may take `memory` bytes beyond what this process has, and `seconds` of processor time; after
    `timeout` seconds it is ended in any case. With `leads`, the copy leads a process group, which
    is ended with it. Without os.fork (Windows), `function` is called here.
    """
    if not hasattr(os, "fork"):
        return json.dumps(function()).encode()
    ours, theirs = os.pipe()
    with warnings.catch_warnings(), _uninterrupted():
        # Python 3.12 warns of other threads. The child needs none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _be_copy(function, theirs, memory, seconds, leads=leads)
    os.close(theirs)
    try:
        return _received(ours, timeout)
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
    function: Callable[[], Any], pipe: int, memory: int, seconds: int, *, leads: bool
) -> None:
    """Write what `function` returns, and end this process."""
    try:
        if leads:
            os.setsid()
        _limit(memory, seconds)
        try:
            answer = function()
        except MemoryError:
            os._exit(1)
        with os.fdopen(pipe, "w", encoding="utf-8") as stream:
            json.dump(answer, stream)
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


def _received(pipe: int, timeout: float) -> bytes:
    """All that comes through a pipe; nothing if it does not end in time."""
    end = time.monotonic() + timeout
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    parts: list[bytes] = []
    while poll.poll(max(0.0, 1000 * (end - time.monotonic()))):
        part = os.read(pipe, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return b""
