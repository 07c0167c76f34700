"""One submission marked in a process of its own, here or on another machine: a Task goes in, a Report comes out."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from grader.classroom.keys import grader_version
from grader.errors import CannotGrade
from grader.marking.marking import Marking
from grader.options import Options, interrupt
from grader.results import Report
from grader.rubric import Rubric
from grader.submission.reading import Submission

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Task:
    """What is to be marked, all of it: the process that does it may be on a machine that has none of the files.

    `sections` are marked, `options.only` being the choice of the whole batch. `sandbox` is the level that was found here,
    `threads` those to train with, 0 for what the process is set to: Dask gives its workers one.
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
    """What came of a task, and the versions that it was done with."""

    report: Report
    environment: str


def mark(task: Task) -> Done:
    """Mark it. Raises CannotGrade where this process has another grader than the one that asks, or no such sandbox."""
    if task.version != grader_version():
        raise CannotGrade(
            f"the grader on {platform.node()} is another than the one here, expected the same checkout: bring it up to date"
        )
    if task.threads:
        os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(task.threads)
    options = replace(task.options, only=task.sections, sandbox=task.sandbox)
    marking = Marking(task.submission, task.rubric, options)
    marking.mark_all()
    return Done(marking.report(), environment())


def mark_in_pool(task: Task) -> Done:
    """The same in a process of a local pool: SIGTERM ends it in order, with all that it started."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return mark(task)
    except KeyboardInterrupt:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def environment() -> str:
    """Versions of what has a say in the numbers."""
    found = [f"Python {platform.python_version()}", platform.platform(terse=True)]
    for package in ("numpy", "torch", "torchvision"):
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {package}")
    return ", ".join(found)


def prepare(folder: Path) -> None:
    """Make this a process of a local pool: it leaves its files in `folder`, ends with its parent, and not by Ctrl-C.

    Ctrl-C reaches every process of a terminal; the parent then ends its pool in order, with SIGTERM.
    """
    tempfile.tempdir = str(folder)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:  # the parent ended before this line
            sys.exit(1)
