"""One marking in its own process, with a time limit, for Gradescope's autograder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from grader import GRADER

SHUTDOWN_TIMEOUT = 20  # seconds for a marking to end its workers after SIGTERM


class OutOfTime(Exception):
    """A marking exceeded its time limit and was ended."""


def grade(
    submission: Path, results: Path, arguments: list[str], *, seconds: float
) -> dict[str, Any] | None:
    """The content of the results.json of `grade`, None if it wrote none. Raises OutOfTime."""
    python = [sys.executable, "-I", "-X", "utf8"]
    marking = [str(GRADER / "__main__.py"), "grade", f"--results={results}", *arguments]
    command = [*python, *marking, "--", str(submission)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd="/")
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise OutOfTime from None
    finally:
        _end(process)
    return json.loads(results.read_bytes()) if results.exists() else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with SIGTERM, so that it ends its workers too; with SIGKILL if that is not enough."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=SHUTDOWN_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
