"""Marks one submission in its own process, on this machine or another: a Task in, a Done out."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import signal
import tempfile
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.classroom.keys import grader_version
from grader.errors import CannotGrade
from grader.interrupts import end_with_parent, interrupt
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Report
from grader.rubric import Rubric
from grader.sandbox import templates
from grader.submission.reading import Submission
from grader.training.fitted_network import FittedNetwork
from grader.training.several import StoredRun


@dataclass(frozen=True)
class Task:
    """Everything needed to mark a submission, for a process that may not have any of the files.

    `sections` are those to mark now; `options.only` are those of the whole batch. `sandbox` is the
    level chosen by the batch. `threads` are for training; 0 keeps the setting of the process, as
    for Dask's workers.
    """

    work: str
    submission: Submission
    sections: tuple[str, ...]
    rubric: Rubric
    options: Options
    sandbox: str
    version: str
    threads: int


@dataclass(frozen=True)
class Done:
    """The result of a task, the software that produced it, and by script all trainings and the
    network of the one that counts."""

    report: Report
    environment: str
    runs: dict[str, tuple[StoredRun, ...]] = field(default_factory=dict)
    networks: dict[str, FittedNetwork] = field(default_factory=dict)


def mark(task: Task) -> Done:
    """Mark a task. Raises CannotGrade if this process has another grader, or no such sandbox."""
    if task.version != grader_version():
        raise CannotGrade(
            f"the grader on {platform.node()} differs from the one here, "
            "expected the same checkout: update it"
        )
    if task.threads:
        os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(task.threads)
    templates.expect_many()
    options = replace(task.options, only=task.sections, sandbox=task.sandbox)
    marking = Marking(task.submission, task.rubric, options)
    marking.mark_all()
    return Done(marking.report(), environment(), marking.runs(), marking.networks())


def mark_in_pool(task: Task) -> Done:
    """The same in a process of a local pool, where SIGTERM ends it with everything it started."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return mark(task)
    except KeyboardInterrupt:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def mark_on_cluster(task: Task) -> Done:
    """The same in a process of a cluster, which has no time limit for tasks.

    A marking that exceeds its time ends this process, and with it the sandbox; the cluster starts
    another.
    """
    watchdog = threading.Timer(task.rubric.limits.marking_seconds, os._exit, [1])
    watchdog.daemon = True
    watchdog.start()
    try:
        return mark(task)
    finally:
        watchdog.cancel()


def environment() -> str:
    """Versions of the software that affects the numbers."""
    found = [f"Python {platform.python_version()}", platform.platform(terse=True)]
    for package in ("numpy", "torch", "torchvision"):
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {package}")
    return ", ".join(found)


def prepare(folder: Path) -> None:
    """Set up a process of a local pool: its files go to `folder`, and it ends with its parent."""
    tempfile.tempdir = str(folder)
    end_with_parent()
