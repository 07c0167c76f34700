"""Which markings of a batch run now, and which are put off because they take too long.

A submission with endless loops is marked until its budgets are spent, which takes up to half an
hour. Two of them would hold up a batch with two jobs for as long. So while others wait, a marking
may take twice as long as most. Then it is ended, and started anew when the others are done: with
four times that time, so that slow trainings are not held up by endless ones, and in the end with
all the time that it is entitled to. Its seeds are the same, so no mark depends on this.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from grader.classroom.job import Done, Task
from grader.classroom.pools import Pool

FACTOR = 2.0  # times what MOST of the others took
MOST = 0.8  # of the others; hyperparameters make some trainings take several times the median
SHORTEST = 10.0  # seconds, below which nobody is held up
FIRST = 60.0  # seconds, as long as no marking has ended
LONGER = 4.0  # times as long, after each time that it was put off
MOST_OFTEN = 2  # times that a marking is put off, so that what it costs is bounded
POLL_SECONDS = 0.5

T = TypeVar("T")


class Patience:
    """How long a marking may take while others wait."""

    def __init__(self) -> None:
        self._taken: list[float] = []
        self._ended = 0

    def took(self, seconds: float) -> None:
        """Count a marking that came to its end."""
        self._taken.append(seconds)

    def ran_out(self) -> None:
        """Count a marking that was ended."""
        self._ended += 1

    @property
    def seconds(self) -> float:
        """The limit now. Without a marking that ended, it doubles with each that did not."""
        if not self._taken:
            return float(FIRST * 2**self._ended)
        ranked = sorted(self._taken)
        return max(SHORTEST, FACTOR * ranked[int(MOST * (len(ranked) - 1) + 0.5)])


@dataclass
class Running(Generic[T]):
    """A task in the pool: how often it was put off, and since when it is seen to run."""

    item: T
    put_off: int
    since: float | None = None


class Schedule(Generic[T]):
    """The tasks in a pool, each with an item that says what it is for."""

    def __init__(self, pool: Pool, seconds: Callable[[], float] = time.monotonic):
        self._pool, self._seconds = pool, seconds
        self._running: dict[Future[Done], Running[T]] = {}
        self.patience = Patience()

    def __len__(self) -> int:
        return len(self._running)

    @property
    def is_full(self) -> bool:
        """Whether there is one task more than there are processes."""
        return len(self._running) > self._pool.jobs

    def submit(self, task: Task, item: T, *, put_off: int) -> None:
        """Queue a task that was put off so often."""
        self._running[self._pool.submit(task)] = Running(item, put_off)

    def finished(self) -> list[tuple[Future[Done], T]]:
        """The tasks that have ended by now; waits for a moment if there are none."""
        done = wait(self._running, POLL_SECONDS, return_when=FIRST_COMPLETED).done
        found = []
        for future in done:
            running = self._running.pop(future)
            if not running.put_off:
                self.patience.took(self._taken(running))
            found.append((future, running.item))
        for future, running in self._running.items():
            if running.since is None and future.running():
                running.since = self._seconds()
        return found

    def overdue(self, waiting: list[int]) -> list[tuple[T, float]]:
        """Ends tasks that take too long while others wait; returns them with their seconds.

        `waiting` says of those outside of the pool how often they were put off: who was put off
        more often than a task does not end it.
        """
        waiting = waiting + [run.put_off for run in self._running.values() if run.since is None]
        found = []
        for future, running in list(self._running.items()):
            taken = self._taken(running)
            others = any(put_off <= running.put_off for put_off in waiting)
            if others and taken > self._limit(running) and self._pool.end(future):
                del self._running[future]
                self.patience.ran_out()
                found.append((running.item, taken))
        return found

    def _limit(self, running: Running[T]) -> float:
        if running.put_off >= MOST_OFTEN:
            return float("inf")
        return self.patience.seconds * LONGER**running.put_off

    def _taken(self, running: Running[T]) -> float:
        return 0.0 if running.since is None else self._seconds() - running.since
