"""Processes that compute for a report, so that a large class does not wait for one core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

from grader.errors import CannotGrade
from grader.interrupts import end_with_parent

AHEAD = 4  # items given to each process before they are needed: more would only take memory

Item = TypeVar("Item")
Result = TypeVar("Result")


class Helpers:
    """Computes here, or in the processes of `pool`, to each of which it gives a few items ahead."""

    def __init__(self, pool: ProcessPoolExecutor | None = None, window: int = 0):
        self._pool, self._window = pool, window

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result]]:
        """Each item with its result, in order. Items are taken only a few ahead of the results.

        `function`, the items and the results are pickled, so the function is one of a module.
        Raises what the function raises, and CannotGrade if a process was killed.
        """
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        try:
            for item in items:
                if self._pool is None:
                    yield item, function(item)
                    continue
                waiting.append((item, self._pool.submit(function, item)))
                if len(waiting) > self._window:
                    first, result = waiting.popleft()
                    yield first, result.result()
            for item, result in waiting:
                yield item, result.result()
        except BrokenExecutor:
            raise CannotGrade(
                "a process that made the report was killed, perhaps for want of memory: "
                "with --jobs 1 one process makes it, in less memory"
            ) from None


@contextmanager
def helping(jobs: int) -> Iterator[Helpers]:
    """`jobs` processes that end with the block; with one job there are none."""
    if jobs == 1:
        yield Helpers()
        return
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), end_with_parent)
    try:
        yield Helpers(pool, AHEAD * jobs)
    finally:  # what has not been begun is of use only to a report that goes on
        pool.shutdown(cancel_futures=True)
