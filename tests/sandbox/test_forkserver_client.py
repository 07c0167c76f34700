"""Every worker starts fresh, and nothing outlives it, whatever a script does to the fork server."""

import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from grader import REFERENCE
from grader.errors import StudentFault
from grader.marking.marking import Marking
from grader.options import Options
from grader.report.text import feedback
from grader.results import Status
from grader.sandbox import process_tree, workdir
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.workdir import Workdir
from grader.submission.reading import open_submission
from tests.sandbox.support import LEVELS, RUBRIC, Z, started, student_with
from tests.support import ROOT, sampled


@pytest.mark.parametrize("level", LEVELS)
def test_the_worker_sees_no_environment_and_an_empty_folder(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    student = student_with(
        "import os\ndef env(): return sorted(os.environ)\n"
        "def files(): return [os.getcwd(), os.listdir()]",
        level,
    )
    try:
        assert "SECRET_TOKEN" not in student.module.env()
        folder, files = student.module.files()
        assert files == ["utils.py"]  # a link
    finally:
        student.close()
    started.pop().close()
    assert not Path(folder).exists()


LEFT_BEHIND = {
    "files": "open('weights', 'w').write('x'); os.makedirs('a/b')",
    "folders too deep to be removed": "[(os.mkdir('d'), os.chdir('d')) for _ in range(1200)]",
    "what it imported and set": "import json; json.dumps = None; os.environ['LEFT'] = 'x'",
    "a child": "os.fork() or (os.closerange(3, 100), __import__('time').sleep(60))",
    "the server killed": "os.kill(os.getppid(), 9)",
    "the server stopped": "os.kill(os.getppid(), 19)",
}


@pytest.mark.parametrize(("case", "level"), sampled(product(LEFT_BEHIND, LEVELS), every=2))
def test_a_worker_finds_nothing_of_the_one_before(case: str, level: str) -> None:
    code = f"""
import json, os
def found(): return [sorted(os.listdir()), "LEFT" in os.environ, json.dumps is None, os.getcwd()]
def leave():
    {LEFT_BEHIND[case]}
"""
    student = student_with(code, level)
    try:
        before = student.module.found()[:3]
        with contextlib.suppress(StudentFault):
            student.module.leave()
        student.close()
        assert student.module.found()[:3] == before == [["utils.py"], False, False]
    finally:
        student.close()


def test_workers_of_one_server_are_forked_rather_than_started() -> None:
    student = student_with("import os\ndef parent(): return os.getppid()", "none")
    parents = []
    for _ in range(2):
        parents.append(student.module.parent())
        student.close()
    assert parents == [started[0]._pid] * 2


LIES = {
    "a fork that was none": "struct.pack('=ci', b'f', 7)",
    "another letter": "struct.pack('=ci', b'r', 7)",
    "nothing, and ends": "b''",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_server_is_replaced_or_a_grader_error(
    lie: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "worker"
    shutil.copytree(workdir.WORKER, folder)
    liar = folder / "forkserver.py"
    liar.write_text(f"""
import socket, struct
def main(control_fd, *_):
    control = socket.socket(fileno=control_fd)
    control.sendall(struct.pack("=ci", b"r", 0))
    control.recv(16)
    control.sendall({LIES[lie]})
    if {LIES[lie]}:
        control.recv(1)
""")
    honest = workdir.WORKER
    choose("auto")  # which tries an honest one
    monkeypatch.setattr(workdir, "WORKER", folder)
    student = student_with("def relu(z): return z")
    with pytest.raises(RuntimeError, match="the worker did not start"):
        student.module.relu(Z)
    started[0].begin()
    monkeypatch.setattr(workdir, "WORKER", honest)
    assert np.array_equal(student.module.relu(Z), Z)
    student.close()


ORPHANS = {
    "it ends before its child": """
import os
def relu(z):
    child = os.fork()
    if child:
        os.write(2, b"orphan %d." % child)
        os._exit(0)
    os.closerange(3, 100)
    import time; time.sleep(60)
""",
    "at import": """
import os
child = os.fork()
if child:
    os.write(2, b"orphan %d." % child)
    os._exit(0)
import time; time.sleep(60)
""",
}


@pytest.mark.parametrize("how", ORPHANS)
def test_no_orphan_outlives_a_worker(how: str) -> None:
    student = student_with(ORPHANS[how], "none")  # elsewhere it starts no process
    started = time.monotonic()
    try:
        student.module.relu(Z)
    except StudentFault:
        pass
    finally:
        student.close()
    assert time.monotonic() - started < 10
    (pid,) = re.findall(r"orphan (\d+)[.]", student.printed)
    assert process_tree.is_ended(int(pid))


@pytest.mark.parametrize(("failures", "status"), [(1, Status.PASSED), (99, Status.ERROR)])
def test_a_server_that_cannot_start_fails_only_when_needed(
    failures: int, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, begin = [], ForkServer.begin

    def fail(self: ForkServer) -> None:
        tried.append(self)
        if len(tried) <= failures:
            raise OSError(28, "No space left on device")
        begin(self)

    monkeypatch.setattr(ForkServer, "begin", fail)
    marking = Marking(open_submission(REFERENCE), RUBRIC, Options(seed=0, only=("1.2",)))
    result = marking.mark_all()["1.2"]
    assert result.status is status
    assert ("No space left" in feedback(result)) is (status is Status.ERROR)


DIES_AT_ONCE = """
import os, signal
from grader.sandbox import launch
def die(process, info_fd):
    print(process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
from grader.sandbox import bubblewrap, plain
bubblewrap.wait_for_pid = plain.wait_for_pid = die
from grader.sandbox.levels import Sandbox
from tests.sandbox.support import LIMITS, ForkServer
ForkServer({}, LIMITS, Sandbox("LEVEL"), packages=("numpy",)).begin()
"""


def session(stat: Path) -> int:
    try:
        return int(stat.read_bytes().rpartition(b")")[2].split()[3])
    except OSError:
        return 0


@pytest.mark.parametrize("level", LEVELS[:2])
def test_a_sandbox_whose_grader_is_killed_at_its_start_ends(level: str) -> None:
    code = DIES_AT_ONCE.replace("LEVEL", level)
    killed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert killed.returncode == -9, killed.stderr
    leader, deadline = int(killed.stdout), time.monotonic() + 20
    while time.monotonic() < deadline:
        left = [stat for stat in Path("/proc").glob("[0-9]*/stat") if session(stat) == leader]
        if not left:
            break
        time.sleep(0.1)
    assert not left


def test_a_script_that_is_only_half_written_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write, failures = Workdir.write, list[Path]()

    def half(self: Workdir, scripts: Mapping[str, bytes]) -> None:
        if (self.folder / "code" / "numpy_ann.py").exists() and not failures:  # the second time
            failures.append(self.folder)
            (self.folder / "code" / "numpy_ann.py").write_bytes(b"def re")
            raise OSError(28, "No space left on device")
        write(self, scripts)

    monkeypatch.setattr(Workdir, "write", half)
    marking = Marking(open_submission(REFERENCE), RUBRIC, Options(seed=0, only=("1.2",)))
    assert marking.mark_all()["1.2"].status is Status.PASSED
    assert len(failures) == 1
    assert not failures[0].exists()
