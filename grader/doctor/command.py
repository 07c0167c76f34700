"""`python -m grader doctor`: look at everything, and say whether submissions can be marked here."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from grader.doctor import machine, software
from grader.doctor.findings import Finding, line


def examine(data_dir: str | None = None) -> Iterator[Finding]:
    """Everything there is to know, a finding at a time: some take seconds."""
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


def run(data_dir: str | None = None) -> int:
    """Print the findings as they come; returns 0 where submissions can be marked here, else 1."""
    preventing = []
    for finding in examine(data_dir):
        print(line(finding, sys.stdout.encoding or "ascii"), flush=True)
        preventing += [finding.name] if finding.prevents else []
    verdict = f"cannot be marked here: {', '.join(preventing)}" if preventing else "can be marked here"
    print(f"\nSubmissions {verdict}")
    return 1 if preventing else 0
