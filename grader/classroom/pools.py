"""Where the tasks of a batch run: local processes, or the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from grader.classroom.cluster_security import (
    certificates_folder,
    closed_slurm,
    expect_private,
    temporary_certificates,
)
from grader.classroom.job import Done, Task, mark_in_pool, mark_on_cluster, prepare
from grader.errors import CannotGrade
from grader.rubric import load_rubric
from grader.sandbox.temporary import TemporaryFolder


class Pool(Protocol):
    """Runs tasks, and returns a Future for each."""

    jobs: int

    def submit(self, task: Task) -> Future[Done]:
        """Queue a task."""

    def end(self, future: Future[Done]) -> bool:
        """End a running task, whose Future then says nothing; False if this cannot be done."""

    def close(self, *, now: bool) -> None:
        """Shut down; with `now`, without waiting for running tasks."""


class LocalPool:
    """`jobs` processes on this machine, which start importing at once.

    If one of them dies, only its own task is lost. A task that exceeds its time is ended, and its
    Future raises TimeoutError.
    """

    def __init__(self, jobs: int):
        self.jobs = jobs
        self._temporary = TemporaryFolder("marking-")
        self._folder = self._temporary.path
        # A worker of another user must reach its own folder inside, but not list the others.
        self._folder.chmod(0o711)
        self._pool = self._new_pool()

    def _new_pool(self) -> Any:
        from pebble import ProcessPool

        context = multiprocessing.get_context("spawn")
        pool = ProcessPool(self.jobs, initializer=prepare, initargs=[self._folder], context=context)
        assert pool.active  # starts it now instead of with the first task
        return pool

    def submit(self, task: Task) -> Future[Done]:
        """Queue a task."""
        seconds = task.rubric.limits.marking_seconds
        try:
            future: Future[Done] = self._pool.schedule(mark_in_pool, args=[task], timeout=seconds)
        except RuntimeError:  # the pool is broken, because all its processes died at once
            self._pool.stop()
            self._pool.join()
            self._pool = self._new_pool()
            future = self._pool.schedule(mark_in_pool, args=[task], timeout=seconds)
        return future

    def end(self, future: Future[Done]) -> bool:
        """End a running task with its process, and start another."""
        return future.cancel()

    def close(self, *, now: bool) -> None:
        """Shut down; with `now`, without waiting for running tasks."""
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()
        self._temporary.remove()


@dataclass(frozen=True)
class Cluster:
    """A cluster: a scheduler's address, or `slurm` to start one with Slurm; files for TLS.

    `insecure` allows a scheduler on another machine without TLS.
    """

    scheduler: str = ""
    slurm: bool = False
    ca_file: str | None = None
    cert: str | None = None
    key: str | None = None
    insecure: bool = False


class DaskPool:
    """The workers of a Dask cluster. Tasks of a lost worker move to another one."""

    def __init__(self, cluster: Cluster, jobs: int, device: str):
        try:
            from distributed import Client, Security
        except ImportError:
            raise CannotGrade(
                "--scheduler and --slurm need Dask: pip install distributed dask-jobqueue"
            ) from None
        if not cluster.slurm:
            expect_private(cluster.scheduler, insecure=cluster.insecure)
        security = temporary_certificates() if cluster.slurm else None
        self._certificates = certificates_folder() if cluster.slurm else None
        self._slurm = _slurm(jobs, security, self._certificates) if self._certificates else None
        tls = (cluster.ca_file, cluster.cert, cluster.key)
        if security is None and any(tls):
            security = Security(
                tls_ca_file=tls[0],
                tls_client_cert=tls[1],
                tls_client_key=tls[2],
                require_encryption=True,
            )
        try:
            self._client: Any = Client(
                self._slurm or cluster.scheduler, security=security, timeout=10
            )
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            raise CannotGrade(
                f"the scheduler {cluster.scheduler} cannot be reached ({error})"
            ) from None
        resources = {"GPU": 1} if device == "cuda" else None
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        if resources and workers and not any(worker["resources"].get("GPU") for worker in workers):
            raise CannotGrade(
                "no worker of the cluster offers a GPU, "
                'expected one started with --resources "GPU=1"'
            )
        self._executor = self._client.get_executor(resources=resources)
        self.jobs = max(jobs, sum(worker["nthreads"] for worker in workers))

    def submit(self, task: Task) -> Future[Done]:
        """Queue a task."""
        future: Future[Done] = self._executor.submit(partial(mark_on_cluster, task), pure=False)
        return future

    def end(self, future: Future[Done]) -> bool:
        """False: a worker of Dask ends a task only with itself, and with what else it computes."""
        return False

    def close(self, *, now: bool) -> None:
        """Leave the cluster, or end the one started here; cancels tasks that have not started."""
        with contextlib.suppress(Exception):
            self._executor.shutdown(wait=not now)
        self._client.close()
        if self._slurm is not None:
            self._slurm.close()
        if self._certificates is not None:
            self._certificates.remove()


def _expect_slurm() -> None:
    """Raises CannotGrade if Slurm does not answer: dask-jobqueue would wait for it forever."""
    try:
        answer = subprocess.run(["sinfo", "--noheader"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        raise CannotGrade(
            "--slurm needs Slurm's sbatch and sinfo on this machine, which are missing"
        ) from None
    if answer.returncode:
        told = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotGrade(f"--slurm needs a Slurm that answers: {told}")


def _slurm(jobs: int, security: Any, certificates: TemporaryFolder) -> Any:
    """A cluster of `jobs` Slurm jobs with one worker each; dask-jobqueue configures the rest.

    Only who has the certificates in `security` can reach it.
    """
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise CannotGrade(
            "--slurm needs dask-jobqueue: pip install distributed dask-jobqueue"
        ) from None
    _expect_slurm()
    return SLURMCluster(
        processes=1,
        cores=1,
        memory=f"{load_rubric().limits.marking_bytes // 10**6}MB",
        n_workers=jobs,
        local_directory=os.environ.get("TMPDIR", "/tmp"),
        **closed_slurm(security, certificates.path),
    )


def default_jobs(cores: int) -> int:
    """The number of markings that cores and memory allow at once."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return cores
    return max(1, min(cores, memory // load_rubric().limits.marking_bytes))
