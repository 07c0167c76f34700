"""`grader doctor`: look at everything, and say whether submissions can be marked here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # only for names: the command line has to start at once
    from grader.doctor.findings import Finding


def add(commands: Any) -> None:
    """Give the command line this command."""
    doctor = commands.add_parser(
        "doctor",
        help="say what this machine can do",
        description="Look at all that marking needs, and say what would mend what lacks: status 0 if marking is possible here.",
    )
    doctor.add_argument(
        "--data-dir", metavar="DIR", help="folder that holds FashionMNIST/raw (default: data/)"
    )
    doctor.set_defaults(run=run)


def examine(data_dir: str | None = None) -> Iterator[Finding]:
    """Everything there is to know, a finding at a time: some take seconds."""
    from grader.doctor import machine, software

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
    yield from machine.optional()


def run(options: argparse.Namespace) -> int:
    """Print the findings as they come; returns 0 where submissions can be marked here, else 1."""
    from grader.doctor.findings import line

    preventing = []
    for finding in examine(options.data_dir):
        print(line(finding, sys.stdout.encoding or "ascii"), flush=True)
        preventing += [finding.name] if finding.prevents else []
    verdict = (
        f"cannot be marked here: {', '.join(preventing)}" if preventing else "can be marked here"
    )
    print(f"\nSubmissions {verdict}")
    return 1 if preventing else 0
