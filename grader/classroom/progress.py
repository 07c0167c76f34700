"""How far a batch is: a live display on a terminal, plain lines anywhere else; all of it on standard error."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from grader.report.text import one_line

SHOWN = 4  # students named as being marked


def duration(seconds: float) -> str:
    """A time in the units that fit."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """Counts what is done, failed and running of `total`, and says how long the rest will take."""

    def __init__(self, total: int, stream: TextIO | None = None):
        self.total, self.done, self.failed = total, 0, 0
        self.running: list[str] = []
        self._stream = sys.stderr if stream is None else stream
        self._started = time.monotonic()
        self._live = _Live(self._stream) if self._stream.isatty() else None

    def begin(self, label: str) -> None:
        """A submission is being marked."""
        self.running.append(label)
        self._show()

    def end(self, label: str, outcome: str, *, failed: bool = False) -> None:
        """A submission's marking has ended."""
        self.running.remove(label)
        self.done += 1
        self.failed += failed
        line = (
            f"[{self.done}/{self.total}] {one_line(label)[:60]}: {one_line(outcome)}{self._left()}"
        )
        if self._live is None:
            print(line, file=self._stream, flush=True)
        else:
            self._live.line(line)
        self._show()

    def close(self) -> None:
        """Take the display down."""
        if self._live is not None:
            self._live.close()

    def _left(self) -> str:
        if self.done == self.total:
            return ""
        left = (time.monotonic() - self._started) / self.done * (self.total - self.done)
        return f"; about {duration(left)} left"

    def _show(self) -> None:
        if self._live is None:
            return
        names = ", ".join(one_line(label)[:30] for label in self.running[:SHOWN])
        more = f" and {len(self.running) - SHOWN} more" if len(self.running) > SHOWN else ""
        self._live.update(
            self.done, self.total, f"{self.failed} could not be marked · {names}{more}"
        )


class _Live:
    """rich's progress bar."""

    def __init__(self, stream: TextIO):
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            MofNCompleteColumn(),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[what]}", markup=False),
            console=Console(file=stream),
        )
        self._task = self._progress.add_task("marking", total=None, what="")
        self._progress.start()

    def update(self, done: int, total: int, what: str) -> None:
        self._progress.update(self._task, completed=done, total=total, what=what)

    def line(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        self._progress.stop()
