"""A virtual environment for each grader in build/benchmarks/, recreated when its pins change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.timing import ROOT

FOLDER = ROOT / "build" / "benchmarks"
PIP = [
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--retries", "1", "--timeout", "30"),
]


class Unavailable(Exception):
    """A grader cannot be installed on this machine; the message is one line."""


def python_with(requirements: Sequence[str]) -> Path:
    """The interpreter of an environment with these packages. Raises Unavailable if pip fails."""
    folder = FOLDER / requirements[0].replace("==", "-")
    python, done = folder / "bin" / "python", folder / "installed.txt"
    wanted = "\n".join(requirements)
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    print(f"installing {' '.join(requirements)} …", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(python), *PIP, *requirements])
    # written last, so that an interrupted installation is repeated
    done.write_text(wanted, encoding="utf-8")
    return python


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=900)
    except (OSError, subprocess.SubprocessError) as error:
        told = str(getattr(error, "stderr", None) or error).strip().splitlines()
        raise Unavailable(told[-1][:200] if told else str(error)) from None
