"""The pytest run behind `pytest grader/`: `python -P pytest_run.py ARGUMENTS`.

pytest's own statuses become the grader's: a usage error, or nothing selected, is 2 and one line.
"""

from __future__ import annotations

import contextlib
import gc
import io
import signal
import sys
from pathlib import Path

GRADER = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(GRADER.parent))

import pytest

from grader.interrupts import interrupt

PLUGIN = "grader.commands.pytest_plugin"
PLAIN = "--assert=plain"  # sections have verdicts of their own, and rewriting them takes time
# grader/conftest.py as an installed plugin, which has handed over already; and Hypothesis, which
# takes longer to import than a section to mark
BLOCKED = ("-p", "no:fashion-grader", "-p", "no:hypothesispytest")


class _Held(io.TextIOBase):
    """Standard error until the run begins: of what pytest says of its arguments, one line matters."""

    def __init__(self, stream: io.TextIOBase):
        self.stream, self.text, self.begun = stream, "", False

    def write(self, text: str) -> int:
        if self.begun:
            return self.stream.write(text)
        self.text += text
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def begin(self) -> None:
        """The arguments are right: nothing is held back any more."""
        self.begun = True
        self.stream.write(self.text)
        self.text = ""


def main(arguments: list[str]) -> int:
    """0: full marks; 1: marks lost; 2: nothing could be marked."""
    ini = GRADER / "pytest.ini"
    pinned = ["-c", str(ini), f"--rootdir={GRADER}", "--noconftest", *BLOCKED, "-p", PLUGIN, PLAIN]
    held = _Held(sys.stderr)  # type: ignore[arg-type]  # a text stream by any other name
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with contextlib.redirect_stderr(held):
            status = int(pytest.main([*pinned, *arguments]))
    except KeyboardInterrupt:  # before pytest's session begins
        print("error: interrupted; nothing was written", file=sys.stderr)
        return 2
    if status == pytest.ExitCode.USAGE_ERROR and not held.begun:
        print(f"error: {_essence(held.text)}", file=sys.stderr)
    elif status == pytest.ExitCode.NO_TESTS_COLLECTED:
        print("error: no section is selected", file=sys.stderr)
    elif not held.begun:
        held.begin()
    return status if status in (0, 1) else 2


def _essence(text: str) -> str:
    """The one line that matters in what pytest says of wrong arguments."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = next(
        (line for line in lines if ": error: " in line), lines[0] if lines else "usage error"
    )
    return line.rpartition(": error: ")[2].removeprefix("ERROR: ")


if __name__ == "__main__":
    status = main(sys.argv[1:])
    gc.freeze()  # Python would look for cycles in what ends with the process
    sys.exit(status)
