"""All scripts of a folder checked at once, each in a process of its own that cannot end this one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assignment.parts import PARTS, PROJECT

SECONDS = 60.0  # for a script; the checks take a second, and loading torch from a cold disk twenty
GRACE = 5.0  # seconds from the alarm in the process to its end


@dataclass
class ScriptReport:
    """What the checks of one script found."""

    statuses: dict[str, str] = field(default_factory=dict)  # of sections, by number
    details: list[str] = field(default_factory=list)  # lines about those that failed
    problems: list[str] = field(default_factory=list)  # of the script as a whole

    def add(self, found: dict[str, Any]) -> None:
        """Take in one object that the process reported."""
        if "problem" in found:
            self.problems.append(str(found["problem"]))
        elif "running" in found:
            where = f", at {found['running']}" if found["running"] else ""
            self.problems.append(f"was stopped after {SECONDS:.0f} s{where}")
        elif "section" in found:
            self.statuses[found["section"]] = found["status"]
            if found["status"] != "passed":
                first, *rest = found["lines"] or [found["status"]]
                self.details.append(f"{found['section']} {found['title']}: {first}")
                self.details += rest


def check_scripts(paths: list[Path]) -> dict[str, ScriptReport]:
    """The reports on some scripts or notebooks, by stem, checked at the same time."""
    deadline = time.monotonic() + SECONDS + GRACE
    running = {path.stem: _start(path) for path in paths}
    try:
        return {stem: _report(stem, process, deadline) for stem, process in running.items()}
    finally:
        for process in running.values():
            _end(process)


def _start(path: Path) -> subprocess.Popen[bytes]:
    search = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "assignment.script_check", str(path), str(SECONDS)],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _report(stem: str, process: subprocess.Popen[bytes], deadline: float) -> ScriptReport:
    report, out = ScriptReport(), b""
    timed_out = False
    try:
        out, _ = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        timed_out = True
        _end(process)
        with contextlib.suppress(subprocess.TimeoutExpired):  # a child of it may hold the pipe
            out, _ = process.communicate(timeout=GRACE)
    finished = False
    for line in out.splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found = json.loads(line)
            finished = finished or "finished" in found
            report.add(found)
    if timed_out:
        report.problems.append(f"was stopped after {SECONDS:.0f} s")
    elif not finished and not report.problems:
        number = _next_section(stem, report)
        report.problems.append(
            f"ended its process in {number or 'the import'} (exit status {process.returncode}): "
            "os._exit, or a crash?"
        )
    return report


def _next_section(stem: str, report: ScriptReport) -> str:
    """The section that was being checked when the process ended."""
    from assignment.section_checks import CHECKS

    left = [check.number for check in CHECKS[stem] if check.number not in report.statuses]
    return left[0] if report.statuses and left else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and on POSIX all that it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def sections_of(stem: str) -> int:
    """How many sections of a script the public checks cover."""
    from assignment.section_checks import CHECKS

    return len(CHECKS[PARTS[stem].name])
