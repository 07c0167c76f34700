"""Student code that crashes, hangs, exits, floods or lies costs the section that was being marked, and nothing else."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader import REFERENCE
from grader.errors import BadReply, NotWritten, StudentError, StudentFault, TimedOut, WorkerCrashed
from grader.marking.all_sections import mark_all
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Status
from grader.rubric import load_rubric
from grader.sandbox import process_tree, workdir
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.remote import Student
from grader.sandbox.workdir import Workdir
from grader.submission.reading import open_submission
from tests.support import mark, script_with, write_submission

RUBRIC = load_rubric()
LIMITS = replace(RUBRIC.limits, call_seconds=5, import_seconds=30)
Z = np.array([[-1.0, 2.0]])


LEVELS = ("bubblewrap", "user", "none")
started: list[ForkServer] = []


def student_with(code: str, level: str = "auto", **limits: float) -> Student:
    rubric = replace(RUBRIC, limits=replace(LIMITS, **limits))
    server = ForkServer(
        {"numpy_ann.py": code.encode()}, rubric.limits, choose(level), packages=("numpy",)
    )
    started.append(server)
    return Student("numpy_ann", server, rubric)


@pytest.fixture(autouse=True)
def leaves_nothing_behind():
    yield
    while started:
        started.pop().close()
    mine = subprocess.run(["ps", "-ewwo", "pid,ppid,args"], capture_output=True, text=True).stdout
    assert not [
        line
        for line in mine.splitlines()
        if "entry.py" in line and str(os.getpid()) in line.split()[:2]
    ]


CRASH = """
import sys
def relu(z):
    sys.setrecursionlimit(10**9)
    deep = []
    for _ in range(10**5):
        deep = [deep]
    return repr(deep)
"""
FAULTS = {
    "os._exit": ("import os\ndef relu(z): os._exit(0)", WorkerCrashed, "exit status 0 in the middle of a call"),
    "segfault": (CRASH, WorkerCrashed, "SIGSEGV"),
    "sys.exit": ("import sys\ndef relu(z): sys.exit(0)", StudentError, "SystemExit: 0"),
    "raises": ("def relu(z):\n    return z.nothing", StudentError, "numpy_ann.py, line 2, in relu: return z.nothing"),
    "hangs": ("def relu(z):\n    while True: pass", TimedOut, "no answer within 1 s"),
    "recursion": ("def relu(z): return relu(z)", StudentError, "RecursionError"),
    "stub": ('def relu(z): raise NotImplementedError("TODO 1.2: relu")', NotWritten, "not written yet (TODO 1.2: relu)"),
    "missing": ("x = 1", StudentError, "relu is not defined in numpy_ann.py"),
    "syntax": ("def relu(z:\n    pass", StudentFault, "SyntaxError"),
    "closes the pipe": ("import os\ndef relu(z):\n    os.closerange(3, 100)", WorkerCrashed, ""),
    "evil message": ("class E(Exception):\n    def __str__(self): raise KeyError\ndef relu(z): raise E", StudentError, "cannot be shown"),
    "exit at import": ("import sys; sys.exit(3)", StudentError, "SystemExit: 3"),
    "garbage frame": ("import os\ndef relu(z):\n    [os.write(fd, b'garbage' * 9) for fd in range(3, 20) if _w(fd)]\n"
                      "def _w(fd):\n    try:\n        import fcntl\n        return fcntl.fcntl(fd, fcntl.F_GETFL) & 1\n"
                      "    except OSError:\n        return False", BadReply, "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_and_the_next_worker_is_fresh(case: str) -> None:
    code, kind, message = FAULTS[case]
    student = student_with(code, call_seconds=1 if case == "hangs" else 20)
    try:
        for _ in range(2):
            with pytest.raises(kind) as caught:
                student.relu(Z)
            assert message in str(caught.value)
    finally:
        student.close()


def test_output_does_not_disturb_answers_and_is_limited() -> None:
    student = student_with(
        "import sys\ndef relu(z):\n    print('x' * 10**6); sys.stderr.write('y'); print('end'); return z",
        output_bytes=100,
    )
    try:
        assert np.array_equal(student.relu(Z), Z)
        deadline = time.monotonic() + 5
        while "end" not in student.printed and time.monotonic() < deadline:
            time.sleep(0.01)
        assert student.printed.endswith("end\n")
        assert len(student.printed) <= 100
    finally:
        student.close()


FORKS = """
import os, time
def relu(z):
    for _ in range(3):
        if os.fork() == 0:
            if os.fork() == 0:  # an orphan in a moment
                while True: pass
            os._exit(0)
    time.sleep(0.1)
    return z
"""


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("level", LEVELS)
def test_a_call_leaves_no_children_and_a_stopped_worker(level: str) -> None:
    student = student_with(FORKS, level)
    try:
        student.relu(Z)
        worker = student._process.pid
        assert [
            pid for pid in process_tree.descendants(worker) if not process_tree.is_ended(pid)
        ] == []
        deadline = time.monotonic() + 5
        while state(worker) != "T" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert state(worker) == "T"  # stopped
        student.relu(Z)
    finally:
        student.close()
    assert process_tree.is_ended(worker)


@pytest.mark.parametrize("level", LEVELS)
def test_the_worker_sees_no_environment_and_an_empty_folder(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    student = student_with(
        "import os\ndef env(): return sorted(os.environ)\ndef files(): return [os.getcwd(), os.listdir()]",
        level,
    )
    try:
        assert "SECRET_TOKEN" not in student.env()
        folder, files = student.files()
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


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", LEFT_BEHIND)
def test_a_worker_finds_nothing_of_the_one_before(case: str, level: str) -> None:
    code = f"""
import json, os
def found(): return [sorted(os.listdir()), "LEFT" in os.environ, json.dumps is None, os.getcwd()]
def leave():
    {LEFT_BEHIND[case]}
"""
    student = student_with(code, level)
    try:
        before = student.found()[:3]
        with contextlib.suppress(StudentFault):
            student.leave()
        student.close()
        assert student.found()[:3] == before == [["utils.py"], False, False]
    finally:
        student.close()


def test_workers_of_one_server_are_forked_rather_than_started() -> None:
    student = student_with("import os\ndef parent(): return os.getppid()", "none")
    parents = []
    for _ in range(2):
        parents.append(student.parent())
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
def main(control_fd, scratch, modules):
    control = socket.socket(fileno=control_fd)
    control.sendall(struct.pack("=ci", b"r", 0))
    control.recv(1)
    control.sendall({LIES[lie]})
    if {LIES[lie]}:
        control.recv(1)
""")
    honest = workdir.WORKER
    monkeypatch.setattr(workdir, "WORKER", folder)
    student = student_with("def relu(z): return z")
    with pytest.raises(RuntimeError, match="the worker did not start"):
        student.relu(Z)
    started[0].begin()
    monkeypatch.setattr(workdir, "WORKER", honest)
    assert np.array_equal(student.relu(Z), Z)
    student.close()


@pytest.mark.parametrize("value", [
    "object()", "{1, 2}", "(x for x in z)", "np.array([object()])", "np.array(['a'])", "z + 1j", "lambda: 1", "10**5000", "[[[]]]",
    "np.ma.masked_array(z)", "np.matrix(z)", "float('nan')", "memoryview(b'x')",
])  # fmt: skip
def test_odd_answers_arrive_as_data(value: str) -> None:
    student = student_with(f"import numpy as np\ndef relu(z): return {value}")
    try:
        answer = student.relu(Z)
        assert type(answer).__module__.split(".")[0] in ("builtins", "numpy", "grader")
    finally:
        student.close()


def test_a_crash_costs_its_section_only(tmp_path: Path) -> None:
    marked = mark(
        write_submission(tmp_path / "work", {"1.4": "import os\nos._exit(0)"}), "--skip-training"
    )
    assert marked.failed == ["1.4"]
    assert marked.status == 1


def test_a_crash_in_training_costs_the_accuracy_only(tmp_path: Path) -> None:
    source = script_with("numpy_ann", {}).replace(
        "history = History()", "history = History()\n        import os; os._exit(0)"
    )
    marked = mark(
        write_submission(tmp_path / "work", numpy_ann=source),
        "--only",
        "1.6,1.7",
        "--train-size",
        "500",
    )
    assert marked.failed == ["1.7"]
    assert marked.section("1.7")["extra_data"]["diagnosis"] == ["train-crashed"]


def test_messages_hold_no_path_of_the_marking_machine() -> None:
    student = student_with("import os\ndef relu(z): return open(os.path.abspath('weights.npz'))")
    try:
        with pytest.raises(StudentError) as caught:
            student.relu(Z)
        assert "weights.npz" in str(caught.value)
        assert "/" not in str(caught.value).splitlines()[-1]
    finally:
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
    "a sister instead of a child": """
import os, sys
def relu(z):
    child = sys.modules["ctypes"].CDLL(None).syscall(56, 0x8000 | 17, 0, 0, 0, 0)  # CLONE_PARENT
    if child == 0:
        os.closerange(3, 100)
        import time; time.sleep(60)
    os.write(2, b"orphan %d." % (child if child > 0 else 2**22 + 1))
    return z
""",
    "no longer its children's keeper": """
import os, sys
def relu(z):
    sys.modules["ctypes"].CDLL(None).prctl(36, 0, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    read, write = os.pipe()
    if os.fork() == 0:
        orphan = os.fork()
        if orphan:
            os.write(write, b"orphan %d." % orphan)
            os._exit(0)
        os.closerange(3, 100)
        import time; time.sleep(60)
    os.write(2, os.read(read, 100))
    os.wait()
    return z
""",
}


@pytest.mark.skipif(
    platform.machine() != "x86_64", reason="system calls by this processor's numbers"
)
@pytest.mark.parametrize("how", ORPHANS)
def test_no_orphan_outlives_a_worker(how: str) -> None:
    student = student_with(ORPHANS[how], "user")
    started = time.monotonic()
    try:
        student.relu(Z)
    except StudentFault:
        pass
    finally:
        student.close()
    assert time.monotonic() - started < 10
    (pid,) = re.findall(r"orphan (\d+)[.]", student.printed)
    assert process_tree.is_ended(int(pid))


def test_our_files_are_there_compiled_and_name_their_copies() -> None:
    with Workdir({}) as place:
        code = place.folder / "code"
        (code / "worker" / "protocol.py").write_text("this is not compiled")
        told = (
            "import sys; sys.path.insert(0, sys.argv[1]); from worker import protocol; import utils; "
            "print(protocol.pack.__code__.co_filename)"
        )
        ran = subprocess.run(
            [sys.executable, "-I", "-B", "-c", told, str(code)], capture_output=True, text=True
        )
        assert (ran.stdout.strip(), ran.stderr) == (str(code / "worker" / "protocol.py"), "")


def test_folders_of_any_depth_and_right_are_removed(tmp_path: Path) -> None:
    place = Workdir({})
    (place.folder / "scratch").chmod(0o700)
    here = Path.cwd()
    try:
        os.chdir(place.folder / "scratch")
        for _ in range(3000):
            Path("d").mkdir()
            os.chdir("d")
        Path("file").write_text("x")
        os.chdir(place.folder / "scratch")
        Path("link").symlink_to(tmp_path)
        Path("closed").mkdir(0o300)
        Path("closed", "file").write_text("x")
    finally:
        os.chdir(here)
    (tmp_path / "kept").write_text("x")
    assert place.scratch_bytes() > LIMITS.scratch_bytes
    place.remove()
    assert not place.folder.exists()
    assert (tmp_path / "kept").exists()


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
    result = mark_all(marking)["1.2"]
    assert result.status is status
    assert ("No space left" in result.feedback) is (status is Status.ERROR)
