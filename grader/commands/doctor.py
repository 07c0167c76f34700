"""`grader doctor`: check whether submissions can be marked on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.doctor.findings import Finding

CLASS_SIZE = 100


def add(commands: Any) -> None:
    """Add this command to the command line."""
    doctor = commands.add_parser(
        "doctor",
        description="Check everything that marking needs and say how to fix what is missing. "
        "Exit status 0 if marking is possible here.",
    )
    doctor.add_argument(
        "--data-dir", metavar="DIR", help="folder that holds FashionMNIST/raw (default: data/)"
    )
    doctor.add_argument(
        "--class-size",
        type=int,
        default=CLASS_SIZE,
        metavar="N",
        help=f"submissions to state the longest time for (default: {CLASS_SIZE})",
    )
    doctor.set_defaults(run=run)


def examine(data_dir: str | None = None, class_size: int = CLASS_SIZE) -> Iterator[Finding]:
    """All findings, one at a time, because some take seconds."""
    from grader.classroom.pools import default_jobs
    from grader.cores import usable_cores
    from grader.doctor import machine, software
    from grader.rubric import load_rubric

    yield software.python()
    yield from machine.sandboxes()
    answers = software.ask_torch()
    yield from software.packages(answers)
    yield software.other_packages()
    yield software.gpu(answers)
    yield machine.data(data_dir)
    yield from machine.disk()
    yield machine.memory()
    yield machine.cores()
    jobs = default_jobs(usable_cores())
    yield machine.longest_time(load_rubric().limits, class_size, jobs)
    yield from machine.optional()


def run(options: argparse.Namespace) -> int:
    """Print the findings as they come; returns 0 if submissions can be marked here, else 1."""
    from grader.doctor.findings import line
    from grader.errors import CannotGrade

    preventing = []
    if options.class_size < 1:
        raise CannotGrade(f"--class-size is {options.class_size}, expected a whole number from 1")
    for finding in examine(options.data_dir, options.class_size):
        print(line(finding, sys.stdout.encoding or "ascii"), flush=True)
        preventing += [finding.name] if finding.prevents else []
    verdict = (
        f"cannot be marked here: {', '.join(preventing)}" if preventing else "can be marked here"
    )
    print(f"\nSubmissions {verdict}")
    return 1 if preventing else 0
