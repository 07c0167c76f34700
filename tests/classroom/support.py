"""Makes classes, marks them as an instructor would, and looks into gradebooks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.support import ROOT, script_with

QUICKLY = """
import sys
sys.path.insert(0, sys.argv[1])
import grader.classroom.batch as batch
from grader.__main__ import main
batch.expect_working_sandbox = lambda sandbox: None  # has tests of its own
raise SystemExit(main(["batch", *sys.argv[2:]]))
"""
ABS = {"1.2": "return np.abs(z)"}


def make_class(folder: Path, names: str, *, seconds: float = 0, wrong: str = "") -> Path:
    """NumPy submissions, all different; importing takes `seconds`; those in `wrong` fail relu."""
    for name in names.split():
        (folder / name).mkdir(parents=True)
        pause = f"\nimport time; time.sleep({seconds})" if seconds else ""
        source = script_with(
            "numpy_ann", ABS if name in wrong.split() else {}, after=f"# {name}{pause}\n"
        )
        (folder / name / "numpy_ann.py").write_text(source)
    return folder


def command(submissions: Path, gradebook: Path, *options: str) -> list[str]:
    given = [str(submissions), f"--gradebook={gradebook}", "--sections=1.2", *options]
    return [sys.executable, "-P", "-c", QUICKLY, str(ROOT), *given]


def batch(
    submissions: Path, gradebook: Path, *options: str, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Mark a class's 1.2."""
    return subprocess.run(
        command(submissions, gradebook, *options),
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=submissions.parent,
    )


begun: list[subprocess.Popen[str]] = []


def begin(submissions: Path, gradebook: Path, *options: str) -> subprocess.Popen[str]:
    """Begin to mark a class."""
    running = subprocess.Popen(
        command(submissions, gradebook, *options), stderr=subprocess.PIPE, text=True
    )
    begun.append(running)
    return running


def rows(gradebook: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{gradebook}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # not set up yet
            return []
        raise
    finally:
        connection.close()


def markings(gradebook: Path) -> list[int]:
    """How often each work was marked."""
    return [count for (count,) in rows(gradebook, "select count(*) from markings group by work")]  # type: ignore[misc]


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def marked_some(gradebook: Path, least: int) -> Callable[[], bool]:
    return lambda: gradebook.exists() and len(markings(gradebook)) >= least


def descendants(pid: int) -> list[int]:
    """All processes below one, by what /proc says."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*"):
            try:
                found += map(int, (task / "children").read_text().split())
            except OSError:
                continue
    return found[1:]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        if is_alive(pid):
            os.kill(pid, 9)
