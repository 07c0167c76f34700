"""What each line of a script assigned while one of its functions ran."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from assignment.observing.outline import Statement

MOST_STEPS = 2000
MOST_NUMBERS = 100_000  # in one array


class _Trace:
    """Follows the frames of one file; `steps` are [line, target, value], in the order of running."""

    def __init__(self, file: str, statements: Sequence[Statement]):
        self.file = file
        self.steps: list[list[Any]] = []
        self._at = {line: one for one in statements for line in range(one.line, one.end + 1)}
        self._running: dict[int, Statement | None] = {}  # by the id of a frame

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        """A trace function for sys.settrace."""
        if frame.f_code.co_filename != self.file or frame.f_code.co_name.startswith("<"):
            return None
        if event == "call":
            self._running[id(frame)] = None
            return self
        if event == "exception":
            self._running[id(frame)] = None  # what did not end has assigned nothing
            return self
        before = self._running[id(frame)]
        now = self._at.get(frame.f_lineno) if event == "line" else None
        if event == "return" or now is not before:
            if before is not None:
                self._record(before, frame, argument if event == "return" else None)
            self._running[id(frame)] = now
        return self

    def _record(self, statement: Statement, frame: FrameType, returned: Any) -> None:
        for target in statement.targets:
            if len(self.steps) == MOST_STEPS:
                return
            value = returned if target == "return" else _value(target, frame)
            self.steps.append([statement.line, target, _copy(value)])


def _value(target: str, frame: FrameType) -> Any:
    name, _, attribute = target.partition(".")
    value = frame.f_locals.get(name)
    return getattr(value, attribute, None) if attribute else value


def _copy(value: Any) -> Any:
    """A value as it is now: an array or a number; None for anything else."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, bool | int | float | np.generic):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" and value.size <= MOST_NUMBERS:
        return np.array(value, np.float64 if value.dtype == np.longdouble else value.dtype)
    return None


def traced(
    call: Callable[..., Any],
    arguments: Sequence[Any],
    file: str | Path,
    statements: list[Statement],
) -> list[list[Any]]:
    """[line, target, value] for each assignment in the file while `call` ran, and each return.

    Raises what the call raises.
    """
    trace = _Trace(str(file), statements)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call(*arguments)
    finally:
        sys.settrace(before)
    return trace.steps
