"""A time limit for student code in the browser, where there are no signals.

WebAssembly's only thread runs Python, so nothing outside of it can interrupt a loop; the page could
only end all of Python. `sys.monitoring` (Python 3.12) calls us at every jump and every call in the
student's file, which costs nothing elsewhere. A loop that never comes back from NumPy or from a C
function is not seen here; the page ends Python then. So that it can name the line, each line of the
student's file is reported before it runs for the first time.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from time import perf_counter  # by name: a script may replace time.perf_counter
from types import CodeType
from typing import Any

INTERVAL = 0.25  # seconds between two reports of the line that runs
MOST_LINES = 2000  # reported because they are new; a script has some hundred
monitoring: Any = getattr(sys, "monitoring", None)  # None before Python 3.12


class TimeUp(KeyboardInterrupt):
    """Student code ran too long. No `except Exception` of a student's catches it."""


class Watch:
    """Raises TimeUp in the student's `file` when `seconds` have passed since the last `renew`.

    `report` gets the number of the line that runs: of each when it is new, then a few times a
    second. Used as a context manager.
    """

    def __init__(self, file: str, seconds: float, report: Callable[[int], None]):
        self.file, self.seconds, self._report = file, seconds, report
        self._new_lines, self._known = 0, set[CodeType]()
        self.renew()

    def renew(self) -> None:
        """Start the time again."""
        self._reported_at = perf_counter()
        self._until = self._reported_at + self.seconds

    def __enter__(self) -> Watch:
        self.renew()
        self._new_lines, self._known = 0, set[CodeType]()
        if monitoring is not None:
            tool, events = monitoring.DEBUGGER_ID, monitoring.events
            monitoring.use_tool_id(tool, "time limit")
            monitoring.register_callback(tool, events.JUMP, self._seen)
            monitoring.register_callback(tool, events.PY_START, self._started)
            monitoring.register_callback(tool, events.LINE, self._new_line)
            monitoring.set_events(tool, events.JUMP | events.PY_START)
        return self

    def __exit__(self, *error: object) -> None:
        if monitoring is not None:
            with contextlib.suppress(ValueError):  # the student's code has ended it
                monitoring.set_events(monitoring.DEBUGGER_ID, 0)
                monitoring.free_tool_id(monitoring.DEBUGGER_ID)

    def _seen(self, code: CodeType, *offsets: int) -> Any:
        if code.co_filename != self.file:
            return monitoring.DISABLE
        now = perf_counter()
        if now > self._until:
            raise TimeUp
        if now - self._reported_at >= INTERVAL:
            self._reported_at = now
            self._report(sys._getframe(1).f_lineno or 0)
        return None

    def _started(self, code: CodeType, *offsets: int) -> Any:
        if code.co_filename == self.file and code not in self._known:
            self._known.add(code)
            monitoring.set_local_events(monitoring.DEBUGGER_ID, code, monitoring.events.LINE)
        return self._seen(code)

    def _new_line(self, code: CodeType, line: int) -> Any:
        if self._new_lines < MOST_LINES:
            self._new_lines += 1
            self._report(line)
        # to disable a line takes time in proportion to all lines of its code
        return None if code.co_name == "<module>" else monitoring.DISABLE
