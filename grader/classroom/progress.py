"""The progress of a batch on standard error: live on a terminal, else as plain lines."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from grader.report.text import one_line

MAX_NAMES = 4  # of students being marked


def duration(seconds: float) -> str:
    """A duration in suitable units."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """Counts done, failed and running submissions, and estimates the remaining time."""

    def __init__(self, total: int, stream: TextIO | None = None):
        self.total, self.done, self.failed = total, 0, 0
        self.running: list[str] = []
        self._stream = sys.stderr if stream is None else stream
        self._started = time.monotonic()
        self._live = _Live(self._stream) if self._stream.isatty() else None

    def begin(self, label: str) -> None:
        """Note that the marking of a submission has started."""
        self.running.append(label)
        self._show()

    def end(self, label: str, outcome: str, *, failed: bool = False) -> None:
        """Note that the marking of a submission has ended."""
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
        """Remove the display."""
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
        names = ", ".join(one_line(label)[:30] for label in self.running[:MAX_NAMES])
        hidden = len(self.running) - MAX_NAMES
        more = f" and {hidden} more" if hidden > 0 else ""
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
