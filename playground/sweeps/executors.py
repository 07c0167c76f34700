"""Where the trials run: in this process, in several on this machine, or on the workers of a Dask cluster.

However many work, what they report comes back to this process, which writes it down and tells whom to stop.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from queue import Empty
from typing import Any, Protocol

from playground.errors import PlaygroundError
from playground.extras import require
from playground.sweeps.run_log import RunLog
from playground.sweeps.trial import Report, TrialOutcome, run_trial
from utils import History

POLL_INTERVAL = 0.2  # seconds between two looks at what the workers have sent
SCHEDULER_TIMEOUT = 20.0  # seconds in which a Dask scheduler must answer
# Each trial has a core to itself: threads of several trials would only wait for each other
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Channel(Protocol):
    """The two ways between the workers and this process. `report` travels to the workers."""

    @property
    def report(self) -> Report:
        """What a worker calls after each epoch."""

    def receive(self) -> Iterator[tuple[int, int, dict[str, list[float]]]]:
        """What workers have sent since the last time: number, epoch, curves."""

    def stop(self, number: int) -> None:
        """Lets the worker of that trial know that it should stop after its epoch."""


def run_in_this_process(log: RunLog) -> None:
    """One trial after the other, in this process."""
    while log.has_more:
        log.end(run_trial(log.begin(), log.report))


def run_in_processes(log: RunLog, jobs: int) -> None:
    """So many trials at a time, each in a process with one thread."""
    context = multiprocessing.get_context(
        "spawn"
    )  # a fork would inherit whatever threads and locks there are
    with (
        _environment(ONE_THREAD),
        context.Manager() as manager,
        ProcessPoolExecutor(
            jobs, mp_context=context, initializer=_leave_ctrl_c_to_the_parent
        ) as executor,
    ):
        _keep_busy(log, executor, _LocalChannel(manager), lambda: jobs)


def run_on_dask(log: RunLog, address: str) -> None:
    """One trial at a time for each worker of a Dask cluster, those that join later included.

    The workers need this package and the data in the same place as here, or in their own `data/`.
    """
    require("distributed", "cluster")
    from distributed import Client

    try:
        client = Client(address, timeout=SCHEDULER_TIMEOUT, name="sweep")
    except (OSError, TimeoutError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise PlaygroundError(
            f"no Dask scheduler answers at {address} ({reason}): is it running?"
        ) from None

    def places() -> int:
        return max(1, len(client.scheduler_info()["workers"]))

    with client, client.get_executor(pure=False, retries=2) as executor:
        if not client.scheduler_info()["workers"]:
            raise PlaygroundError(
                f"the scheduler at {address} has no workers: dask worker {address} starts one"
            )
        _keep_busy(log, executor, _DaskChannel(), places)


def _keep_busy(
    log: RunLog, executor: Executor, channel: Channel, places: Callable[[], int]
) -> None:
    """Begins tasks while there are places, notes what comes back, until all is done."""
    futures: dict[Future[TrialOutcome], int] = {}
    try:
        while log.has_more or futures:
            while log.has_more and len(futures) < places():
                task = log.begin()
                futures[executor.submit(run_trial, task, channel.report)] = task.number
            done, _ = wait(futures, timeout=POLL_INTERVAL, return_when=FIRST_COMPLETED)
            _note_reports(log, channel)
            for future in done:
                number = futures.pop(future)
                log.end(_outcome(future, number))
    except BaseException:
        for future, number in futures.items():
            future.cancel()
            channel.stop(number)  # what has begun ends after its epoch
        raise


def _note_reports(log: RunLog, channel: Channel) -> None:
    for number, epoch, curves in channel.receive():
        if number in log.running and log.report(number, epoch, History(**curves)):
            channel.stop(number)


def _outcome(future: Future[TrialOutcome], number: int) -> TrialOutcome:
    try:
        return future.result()
    except PlaygroundError:
        raise
    except Exception as error:  # whatever killed a worker, or kept it from starting
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise PlaygroundError(
            f"trial {number} could not be worked on ({reason}); the same command goes on"
        ) from None


class _LocalChannel:
    """Between processes of one machine: a queue and a dictionary that live in a manager's process."""

    def __init__(self, manager: Any):
        self._queue, self._stopped = manager.Queue(), manager.dict()
        self.report = _LocalReport(self._queue, self._stopped)

    def receive(self) -> Iterator[tuple[int, int, dict[str, list[float]]]]:
        with contextlib.suppress(Empty):
            while True:
                yield self._queue.get_nowait()

    def stop(self, number: int) -> None:
        self._stopped[number] = True


class _LocalReport:
    """The workers' end of it."""

    def __init__(self, queue: Any, stopped: Any):
        self.queue, self.stopped = queue, stopped

    def __call__(self, number: int, epoch: int, history: History) -> bool:
        self.queue.put((number, epoch, asdict(history)))
        return number in self.stopped


class _DaskChannel:
    """Through Dask's scheduler: a queue, and an event a trial, under names that no other sweep has."""

    def __init__(self) -> None:
        from distributed import Queue

        self.report = _DaskReport(f"sweep-{uuid.uuid4().hex}")
        self._queue = Queue(self.report.name)

    def receive(self) -> Iterator[tuple[int, int, dict[str, list[float]]]]:
        yield from self._queue.get(batch=True)

    def stop(self, number: int) -> None:
        from distributed import Event

        Event(f"{self.report.name}-{number}").set()


class _DaskReport:
    """The workers' end of it."""

    def __init__(self, name: str):
        self.name = name

    def __call__(self, number: int, epoch: int, history: History) -> bool:
        from distributed import Event, Queue

        Queue(self.name).put([number, epoch, asdict(history)])
        return bool(Event(f"{self.name}-{number}").is_set())


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
