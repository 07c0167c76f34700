"""The grader's command line in a copy of this process, which has imported everything already.

A process of its own imports for a second and more, and PyTorch for longer: most tests of what the
command prints and writes need not wait for that. tests/grader/test_command_line.py and others start
the real one.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from grader.__main__ import main
from grader.sandbox import templates, workdir


def run_grader(
    *arguments: str | Path, cwd: Path, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """`grader ARGUMENTS…`, as from a shell. Raises subprocess.TimeoutExpired."""
    words = [*map(str, arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        pid = os.fork()
        if not pid:
            _be_command(words, cwd, out.fileno(), errors.fileno())
        end = time.monotonic() + seconds
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                raise subprocess.TimeoutExpired(["grader", *words], seconds)
            time.sleep(0.01)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        told = []
        for stream in (out, errors):
            stream.seek(0)
            told.append(stream.read().decode("utf-8"))
    return subprocess.CompletedProcess(["grader", *words], status, *told)


def _be_command(words: list[str], cwd: Path, out: int, errors: int) -> NoReturn:
    """Run the command, and end this process with its exit status."""
    status = 70
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((nothing, out, errors)):
            os.dup2(descriptor, number)
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.FileIO(number, "w", closefd=False), "utf-8", write_through=True)
            for number in (1, 2)
        )
        os.chdir(cwd)
        os.environ |= {"PYTHONIOENCODING": "utf-8", "COLUMNS": "160"}
        _take_templates()
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        workdir._our_files(workdir.WORKER, tempfile.gettempdir(), os.getpid()).remove()
    finally:
        os._exit(status)


def _take_templates() -> None:
    """Use those of the process that this is a copy of, which waits meanwhile."""
    for (_, *key), template in list(templates._templates.items()):
        if template is not None and template.alive:
            templates._templates[os.getpid(), *key] = template
    templates._many.add(os.getpid())
