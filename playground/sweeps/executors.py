"""Executors of the trials: this process, several local processes, or a Dask cluster.

All workers report to this process, which records the results and tells workers when to stop.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from queue import Empty
from typing import Any, Protocol

from playground.environment import environment
from playground.errors import PlaygroundError
from playground.extras import require
from playground.history import History
from playground.sweeps.run_log import RunLog
from playground.sweeps.trial import Report, TrialOutcome, run_trial

POLL_INTERVAL = 0.2  # seconds between two checks for reports from the workers
SCHEDULER_TIMEOUT = 20.0  # seconds to wait for a Dask scheduler
# Parallel trials share the cores, so more threads per trial would only slow each other down
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Channel(Protocol):
    """The connection between this process and the workers, which receive a pickled `report`."""

    @property
    def report(self) -> Report:
        """The function that a worker calls after each epoch."""

    def receive(self) -> Iterator[tuple[int, int, dict[str, list[float]]]]:
        """The reports since the last call: trial number, epoch, curves."""

    def stop(self, number: int) -> None:
        """Tells the worker of that trial to stop after its current epoch."""


def run_in_this_process(log: RunLog) -> None:
    """Runs one trial after another in this process."""
    while log.has_more:
        log.end(run_trial(log.begin(), log.report))


def run_in_processes(log: RunLog, jobs: int) -> None:
    """Runs `jobs` trials at a time, each in a process with one thread."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit threads and locks
    with (
        environment(ONE_THREAD),
        context.Manager() as manager,
        ProcessPoolExecutor(jobs, mp_context=context, initializer=_ignore_ctrl_c) as executor,
    ):
        _run_all(log, executor, _LocalChannel(manager), lambda: jobs)


def run_on_dask(log: RunLog, address: str) -> None:
    """Runs one trial at a time on each worker of a Dask cluster, including workers that join later.

    The workers need this package, and the data at the same path as here or in their own `data/`.
    """
    require("distributed", "cluster")
    from distributed import Client

    try:
        client = Client(address, timeout=SCHEDULER_TIMEOUT, name="sweep")
    except (OSError, TimeoutError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise PlaygroundError(
            f"no Dask scheduler responds at {address} ({reason}): is it running?"
        ) from None

    def worker_count() -> int:
        return max(1, len(client.scheduler_info()["workers"]))

    with client, client.get_executor(pure=False, retries=2) as executor:
        if not client.scheduler_info()["workers"]:
            raise PlaygroundError(
                f"the scheduler at {address} has no workers, start one: dask worker {address}"
            )
        _run_all(log, executor, _DaskChannel(), worker_count)


def _run_all(
    log: RunLog, executor: Executor, channel: Channel, worker_count: Callable[[], int]
) -> None:
    """Keeps all workers busy and records their reports until every trial is finished."""
    futures: dict[Future[TrialOutcome], int] = {}
    try:
        while log.has_more or futures:
            while log.has_more and len(futures) < worker_count():
                task = log.begin()
                futures[executor.submit(run_trial, task, channel.report)] = task.number
            done, _ = wait(futures, timeout=POLL_INTERVAL, return_when=FIRST_COMPLETED)
            _record_reports(log, channel)
            for future in done:
                number = futures.pop(future)
                log.end(_outcome(future, number))
    except BaseException:
        for future, number in futures.items():
            future.cancel()
            channel.stop(number)  # running trials end after their epoch
        raise


def _record_reports(log: RunLog, channel: Channel) -> None:
    for number, epoch, curves in channel.receive():
        if number in log.running and log.report(number, epoch, History(**curves)):
            channel.stop(number)


def _outcome(future: Future[TrialOutcome], number: int) -> TrialOutcome:
    try:
        return future.result()
    except PlaygroundError:
        raise
    except Exception as error:  # any reason why a worker died or did not start
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise PlaygroundError(
            f"trial {number} failed ({reason}); run the same command again to resume"
        ) from None


class _LocalChannel:
    """A channel between local processes: a queue and a dictionary in a manager process."""

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
    """The workers' end of the local channel."""

    def __init__(self, queue: Any, stopped: Any):
        self.queue, self.stopped = queue, stopped

    def __call__(self, number: int, epoch: int, history: History) -> bool:
        self.queue.put((number, epoch, history.curves()))
        return number in self.stopped


class _DaskChannel:
    """A channel through Dask's scheduler: a queue and one event per trial, with unique names."""

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
    """The workers' end of the Dask channel."""

    def __init__(self, name: str):
        self.name = name

    def __call__(self, number: int, epoch: int, history: History) -> bool:
        from distributed import Event, Queue

        Queue(self.name).put([number, epoch, history.curves()])
        return bool(Event(f"{self.name}-{number}").is_set())


def _ignore_ctrl_c() -> None:
    """Leaves the handling of Ctrl-C to the parent process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
