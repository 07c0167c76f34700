"""Reads a submission in a process of its own, with limits on memory and time.

The readers of archives, folders and notebooks know their own limits. These are for what they do not
know: whatever a submission makes them do, it costs itself, and the rest of the class is read.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError
from grader.submission.record import Submission, read_as

Reader = Callable[[], Submission]
MEMORY = 1_000_000_000  # bytes, in addition to what this process has
SECONDS = 30  # of processor time; a submission takes a twentieth of one
OVER = "takes too much memory or time to read"
TIMEOUT = 300.0  # seconds until the process is ended in any case; a slow disk takes some


def bounded_reading(where: str, read: Reader) -> Submission:
    """What `read` returns. Raises SubmissionError, which names `where`, beyond the limits."""
    if not hasattr(os, "fork"):  # Windows, where no class is marked
        return read()
    ours, theirs = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of other threads. The child needs none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _child(read, theirs)
    os.close(theirs)
    try:
        content = _received(ours)
    finally:
        os.close(ours)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.killpg(pid, signal.SIGKILL)  # with the process that parses, if one runs
        os.waitpid(pid, 0)
    return _submission(where, content)


def _child(read: Reader, pipe: int) -> None:
    """Write what `read` returns, or its error, and end this process."""
    try:
        os.setsid()
        _limit()
        try:
            answer = _encoded(read())
        except SubmissionError as error:
            answer = {"problem": str(error)}
        except MemoryError:
            os._exit(1)
        with os.fdopen(pipe, "w", encoding="utf-8") as stream:
            json.dump(answer, stream)
    except BaseException:  # no exception may run on in the copy of the whole program
        traceback.print_exc()
    finally:
        os._exit(0)


def _limit() -> None:
    import resource

    limits = {resource.RLIMIT_CPU: SECONDS}
    if sys.platform == "linux":  # macOS has no limit on address space
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + MEMORY
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, hard))


def _encoded(submission: Submission) -> dict[str, Any]:
    return {
        "name": submission.name,
        "scripts": _in_base64(submission.scripts),
        "plots": _in_base64(submission.plots),
        "how": submission.how_read(),
    }


def _in_base64(files: dict[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def _received(pipe: int) -> bytes:
    """All that comes through a pipe; nothing if it does not end in time."""
    end = time.monotonic() + TIMEOUT
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    parts: list[bytes] = []
    while poll.poll(max(0.0, 1000 * (end - time.monotonic()))):
        part = os.read(pipe, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return b""


def _submission(where: str, content: bytes) -> Submission:
    try:
        answer = json.loads(content)
    except ValueError:
        raise SubmissionError(
            f"{where} {OVER} (more than {MEMORY / 1e9:.0f} GB or {SECONDS} s), "
            "expected the checklist's five files alone"
        ) from None
    if "problem" in answer:
        raise SubmissionError(answer["problem"])
    scripts, plots = (
        {name: base64.b64decode(text) for name, text in answer[kind].items()}
        for kind in ("scripts", "plots")
    )
    return read_as(answer["name"], scripts, plots, answer["how"])
