"""Processes that draw questions. If one dies, its task is tried once more."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from grader.classroom.asking.job import AskTask, ask_in_pool
from grader.classroom.job import prepare
from grader.errors import CannotGrade
from grader.questions.question_set import QuestionSet
from grader.sandbox.temporary import TemporaryFolder

TRIES = 2  # of a task whose process dies
SECONDS = 300.0  # of a task; drawing takes a minute at most, and starting torch some seconds

Outcome = tuple[AskTask, QuestionSet | Exception]


class AskPool:
    """`jobs` processes on this machine, to be closed after use."""

    def __init__(self, jobs: int, work: Callable[[AskTask], QuestionSet] = ask_in_pool):
        from pebble import ProcessPool

        self.jobs, self._work = jobs, work
        self._temporary = TemporaryFolder("questions-")
        # a worker of another user must reach its own folder inside, but not list the others
        self._temporary.path.chmod(0o711)
        self._pool: Any = ProcessPool(
            jobs,
            initializer=prepare,
            initargs=[self._temporary.path],
            context=multiprocessing.get_context("spawn"),
        )

    def outcomes(self, tasks: Sequence[AskTask]) -> Iterator[Outcome]:
        """Each task with its questions, or with the error that ended it, as they end.

        Raises CannotGrade, as for a full disk: the other tasks would fail too.
        """
        waiting = deque((task, 1) for task in tasks)
        running: dict[Future[QuestionSet], tuple[AskTask, int]] = {}
        while waiting or running:
            while waiting and len(running) <= self.jobs:
                task, tries = waiting.popleft()
                future = self._pool.schedule(self._work, args=[task], timeout=SECONDS)
                running[future] = (task, tries)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task, tries = running.pop(future)
                error = future.exception()
                if isinstance(error, CannotGrade):
                    raise error
                if error is None:
                    yield task, future.result()
                elif tries < TRIES and not isinstance(error, TimeoutError):
                    waiting.append((task, tries + 1))
                else:
                    yield task, error if isinstance(error, Exception) else RuntimeError(str(error))

    def close(self, *, now: bool) -> None:
        """Shut down; with `now`, without waiting for running tasks."""
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()
        self._temporary.remove()
