"""Where a script is at the moment: its own lines on the worker's stack, asked for by a signal.

The worker writes the stack itself, so it is text from a submission, to be shown and never trusted.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping

from grader.results import Frame
from grader.sandbox.waiting import readable

ANSWER_TIMEOUT = 0.5  # seconds; a dump takes a millisecond
MAX_DUMP = 65536  # bytes; a hundred frames take 10,000
SHOWN = 3  # frames at either end of a long stack
GLANCE_FROM = 2.0  # seconds into a call: nearly all calls have been answered by then
GLANCE_INTERVAL = 0.4  # seconds
FEW_GLANCES, MANY_GLANCES = 5, 15  # that show the same, in a section check and in a training
LONG_CALL = 60.0  # seconds allowed to a training or an import

# faulthandler's format, the same since Python 3.5
_FRAME = re.compile(r'^  File "(?P<path>.*)", line (?P<line>\d+) in (?P<function>.+)$')

Place = tuple[str, str]  # the file and the function that a call hung in


class StackPipe:
    """The grader's end of the pipe that a worker writes its stack to."""

    def __init__(self, fd: int):
        os.set_blocking(fd, False)
        self._fd = fd

    def dump(self, ask: Callable[[], None]) -> str:
        """The stack as the worker wrote it after `ask` signalled it; "" where nothing comes."""
        self._read_rest()  # of an earlier question
        ask()
        content, deadline = b"", time.monotonic() + ANSWER_TIMEOUT
        while len(content) < MAX_DUMP and readable(self._fd, max(0.0, deadline - time.monotonic())):
            chunk = os.read(self._fd, MAX_DUMP)
            if not chunk:
                break
            content += chunk
            deadline = min(deadline, time.monotonic() + 0.02)  # it comes in one go
        return content.decode("utf-8", "replace")

    def _read_rest(self) -> None:
        for _ in range(16):  # a script may write here for ever
            if not readable(self._fd, 0) or not os.read(self._fd, MAX_DUMP):
                return

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)


def own_frames(dump: str, sources: Mapping[str, bytes]) -> tuple[Frame, ...]:
    """The frames of a dump in the submission's scripts, outermost first; only lines that exist."""
    found = []
    for match in map(_FRAME.match, reversed(dump.splitlines())):
        if match is None:
            continue
        name, number = re.split(r"[/\\]", match["path"])[-1], int(match["line"][:9])
        lines = sources.get(name, b"").decode("utf-8", "replace").split("\n")
        if name in sources and 1 <= number <= len(lines):
            function = "" if match["function"] == "<module>" else match["function"][:100]
            found.append(Frame(name, number, function, lines[number - 1].strip()[:300]))
    return tuple(found)


def shown(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """The frames to show: of a recursion, both ends."""
    return frames if len(frames) <= 2 * SHOWN else frames[:SHOWN] + frames[-SHOWN:]


def place(frames: tuple[Frame, ...]) -> Place | None:
    """The innermost of the script's own functions; None where there is none."""
    return (frames[-1].file, frames[-1].function) if frames else None


class HangWatch:
    """Whether a call hangs where an earlier one did, so that nobody has to wait a second time.

    It does if the stack shows one of the `known` places several times in a row.
    """

    def __init__(self, known: frozenset[Place], seconds: float):
        self._known = known
        self._next = time.monotonic() + GLANCE_FROM
        self._left = self._needed = MANY_GLANCES if seconds >= LONG_CALL else FEW_GLANCES

    def sees_hang(self, look: Callable[[], tuple[Frame, ...]]) -> bool:
        """Whether the hang is certain; `look` is asked only when it is time for a glance."""
        if not self._known or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + GLANCE_INTERVAL
        there = any((frame.file, frame.function) in self._known for frame in look())
        self._left = self._left - 1 if there else self._needed
        return self._left == 0
