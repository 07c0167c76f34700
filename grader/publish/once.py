"""One marking as a process of its own, with a limit to its time, for Gradescope's autograder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from grader import GRADER

SHUTDOWN_TIMEOUT = 20  # seconds for a marking that was asked to end to end its workers


class OutOfTime(Exception):
    """A marking did not end in time; it was ended."""


def grade(
    submission: Path, results: Path, arguments: list[str], *, seconds: float
) -> dict[str, Any] | None:
    """The content of the results.json that `grade` wrote; None where the grader failed without one. Raises OutOfTime."""
    command = [
        sys.executable,
        "-I",
        "-X",
        "utf8",
        str(GRADER / "__main__.py"),
        "grade",
        f"--results={results}",
        *arguments,
        "--",
        str(submission),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd="/")
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise OutOfTime from None
    finally:
        _end(process)
    return json.loads(results.read_bytes()) if results.exists() else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, which ends its workers too; and make it, if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=SHUTDOWN_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
