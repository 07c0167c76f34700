"""The progress of a batch on standard error: live on a terminal, else as plain lines."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TextIO

from grader.report.text import one_line

MAX_NAMES = 4  # of students being marked
WINDOW = 50  # submissions whose rate counts: more would not see that the machine got slower
ENOUGH = 3  # submissions, after which there is a rate
SILENCE = 60.0  # seconds without a line, behind a pipe


def duration(seconds: float) -> str:
    """A duration in suitable units."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Rate:
    """How fast submissions are marked, by those that ended last.

    Only what was marked counts, not what was known. `at_once` are marked at the same time.
    """

    def __init__(self, at_once: int, seconds: Callable[[], float] = time.monotonic):
        self._seconds, self._at_once = seconds, at_once
        self._ends: deque[float] = deque([seconds()], maxlen=WINDOW + 1)
        self._ended = 0

    def end(self) -> None:
        """Count a submission that was marked."""
        self._ended += 1
        self._ends.append(self._seconds())

    @property
    def an_hour(self) -> float | None:
        """Submissions an hour; None while too few have ended to tell."""
        if self._ended < ENOUGH:
            return None
        # At first the others are half done on average, which no end shows yet.
        begun = (self._at_once - 1) / 2 if self._ended < WINDOW else 0.0
        count = len(self._ends) - 1 + begun
        return 3600 * count / max(self._ends[-1] - self._ends[0], 1e-3)


class Progress:
    """Counts done, failed and running submissions, and says how fast it goes and until when."""

    def __init__(
        self,
        total: int,
        stream: TextIO | None = None,
        *,
        jobs: int = 1,
        now: Callable[[], datetime] = datetime.now,
        seconds: Callable[[], float] = time.monotonic,
    ):
        self.total, self.done, self.failed, self.put_off = total, 0, 0, 0
        self.running: list[str] = []
        self._stream = sys.stderr if stream is None else stream
        self._now, self._seconds = now, seconds
        self._rate, self._spoken = Rate(jobs, seconds), seconds()
        self._live = _Live(self._stream) if self._stream.isatty() else None

    def begin(self, label: str) -> None:
        """Note that the marking of a submission has started."""
        self.running.append(label)
        self._show()

    def resume(self, label: str) -> None:
        """Note that the marking of a submission that was put off has started again."""
        self.put_off -= 1
        self.begin(label)

    def end(self, label: str, outcome: str, *, failed: bool = False, known: bool = False) -> None:
        """Note that the marking of a submission has ended, or that its result was `known`."""
        self.running.remove(label)
        self.done += 1
        self.failed += failed
        if not known:
            self._rate.end()
        line = f"[{self.done}/{self.total}] {one_line(label)}: {one_line(outcome)}"
        self._say("; ".join(filter(None, [line, self.outlook])))
        self._show()

    def postpone(self, label: str, reason: str) -> None:
        """Note that a submission was put off, to be marked at the end."""
        self.running.remove(label)
        self.put_off += 1
        self._say(f"[{self.done}/{self.total}] {one_line(label)}: {one_line(reason)}")
        self._show()

    def tick(self) -> None:
        """Refresh the display; behind a pipe, say something if it was silent for long."""
        if self._live is None and self._seconds() - self._spoken >= SILENCE:
            parts = [f"[{self.done}/{self.total}] marking {self._names()}", self.outlook]
            self._say("; ".join(filter(None, parts)))
        self._show()

    def close(self) -> None:
        """Remove the display."""
        if self._live is not None:
            self._live.close()

    @property
    def outlook(self) -> str:
        """The rate, and when all will be done; "" if that cannot be told."""
        left, rate = self.total - self.done - self.put_off, self._rate.an_hour
        if rate is None or left + self.put_off == 0:
            return ""
        speed = f"{rate:.0f} an hour" if rate >= 10 else f"{rate:.1f} an hour"
        after = f"{self.put_off} put off" if self.put_off else ""
        if not left:
            return f"{speed}, {after} left"
        end = f"{speed}, done about {self._clock(3600 * left / rate)}"
        return f"{end} and then {after}" if after else end

    def _clock(self, seconds: float) -> str:
        """The clock time `seconds` from now: 14:05, or Tue 02:10 on another day."""
        now = self._now()
        then = now + timedelta(seconds=seconds)
        return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%a %H:%M}"

    def _say(self, line: str) -> None:
        self._spoken = self._seconds()
        if self._live is None:
            print(line, file=self._stream, flush=True)
        else:
            self._live.line(line)

    def _names(self) -> str:
        names = ", ".join(one_line(label)[:30] for label in self.running[:MAX_NAMES])
        hidden = len(self.running) - MAX_NAMES
        return names + (f" and {hidden} more" if hidden > 0 else "")

    def _show(self) -> None:
        if self._live is None:
            return
        failed = f"{self.failed} could not be marked" if self.failed else ""
        what = " · ".join(filter(None, [self.outlook, failed, self._names()]))
        self._live.update(self.done, self.total, what)


class _Live:
    """rich's progress bar."""

    def __init__(self, stream: TextIO):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            MofNCompleteColumn(),
            BarColumn(),
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
