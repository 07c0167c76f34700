"""The public checks of scripts in CPython: `python -m tests.lab.statuses SCRIPTS.json OUT.json`."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from pathlib import Path

from assignment.captured import captured_checks
from assignment.foreign_imports import import_findings
from assignment.module_level import import_problems
from assignment.parts import PARTS
from assignment.script_loading import loaded, source_of


class TimeUp(KeyboardInterrupt):
    """A check took too long."""


def statuses(path: Path, text: str, seconds: float) -> dict[str, str]:
    """The status of each section by number; {} if the script cannot be loaded."""
    path.write_text(text, encoding="utf-8")
    try:
        source = source_of(path)
        findings = import_findings("numpy_ann", path.name, text.encode())
        if import_problems(source, path.name) or findings.problems:
            return {}
        module = loaded(path, source)
    except (Exception, SystemExit):
        return {}
    part, found = PARTS["numpy_ann"], {}
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        for outcome, _ in captured_checks(part, module):
            signal.setitimer(signal.ITIMER_REAL, seconds)
            found[outcome.check.number] = outcome.status
    except TimeUp:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return found


def time_up(*_: object) -> None:
    raise TimeUp


def main() -> None:
    """Check every script of the first file, and write what came of them to the second."""
    signal.signal(signal.SIGALRM, time_up)
    asked, out = map(Path, sys.argv[1:])  # now: loading a script changes the arguments
    scripts = json.loads(asked.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "numpy_ann.py")
        found = [statuses(path, one["text"], one["seconds"]) for one in scripts]
    out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
