"""Student code that crashes, hangs, exits, floods or lies costs only its own section."""

import time
from pathlib import Path

import numpy as np
import pytest

from grader.errors import BadReply, NotWritten, StudentError, StudentFault, TimedOut, WorkerCrashed
from grader.sandbox import process_tree
from tests.sandbox.support import Z, student_with
from tests.support import mark, script_with, write_submission

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
    "os._exit": (
        "import os\ndef relu(z): os._exit(0)",
        WorkerCrashed,
        "exit status 0 in the middle of a call",
    ),
    "segfault": (CRASH, WorkerCrashed, "SIGSEGV"),
    "sys.exit": ("import sys\ndef relu(z): sys.exit(0)", StudentError, "SystemExit: 0"),
    "raises": (
        "def relu(z):\n    return z.nothing",
        StudentError,
        "numpy_ann.py, line 2, in relu: return z.nothing",
    ),
    "hangs": ("def relu(z):\n    while True: pass", TimedOut, "no answer within 1 s"),
    "recursion": ("def relu(z): return relu(z)", StudentError, "RecursionError"),
    "stub": (
        'def relu(z): raise NotImplementedError("TODO 1.2: relu")',
        NotWritten,
        "not written yet (TODO 1.2)",
    ),
    "missing": ("x = 1", StudentError, "relu is not defined in numpy_ann.py"),
    "syntax": ("def relu(z:\n    pass", StudentFault, "SyntaxError"),
    "closes the pipe": ("import os\ndef relu(z):\n    os.closerange(3, 100)", WorkerCrashed, ""),
    "evil message": (
        "class E(Exception):\n    def __str__(self): raise KeyError\ndef relu(z): raise E",
        StudentError,
        "cannot be shown",
    ),
    "exit at import": ("import sys; sys.exit(3)", StudentError, "SystemExit: 3"),
    "garbage frame": (
        "import os\ndef relu(z):\n"
        "    [os.write(fd, b'garbage' * 9) for fd in range(3, 20) if _w(fd)]\n"
        "def _w(fd):\n    try:\n        import fcntl\n"
        "        return fcntl.fcntl(fd, fcntl.F_GETFL) & 1\n"
        "    except OSError:\n        return False",
        BadReply,
        "the answer is too large",
    ),
}


def told(fault: StudentFault) -> str:
    """All that a fault says."""
    return "\n".join([str(fault), *map(str, fault.trace), fault.exception])


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_and_the_next_worker_is_fresh(case: str) -> None:
    code, kind, message = FAULTS[case]
    student = student_with(code, call_seconds=1 if case == "hangs" else 20)
    try:
        for _ in range(2):
            with pytest.raises(kind) as caught:
                student.module.relu(Z)
            assert message in told(caught.value)
    finally:
        student.close()


def test_output_does_not_disturb_answers_and_is_limited() -> None:
    student = student_with(
        "import sys\ndef relu(z):\n"
        "    print('x' * 10**6); sys.stderr.write('y'); print('end'); return z",
        output_bytes=100,
    )
    try:
        assert np.array_equal(student.module.relu(Z), Z)
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


def test_a_call_leaves_no_children_and_a_stopped_worker() -> None:
    student = student_with(FORKS, "none")  # elsewhere it starts no process
    try:
        student.module.relu(Z)
        worker = student._process.pid
        assert [
            pid for pid in process_tree.descendants(worker) if not process_tree.is_ended(pid)
        ] == []
        deadline = time.monotonic() + 5
        while state(worker) != "T" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert state(worker) == "T"  # stopped
        student.module.relu(Z)
    finally:
        student.close()
    assert process_tree.is_ended(worker)


@pytest.mark.parametrize(
    "value",
    [
        "object()",
        "{1, 2}",
        "(x for x in z)",
        "np.array([object()])",
        "np.array(['a'])",
        "z + 1j",
        "lambda: 1",
        "10**5000",
        "[[[]]]",
        "np.ma.masked_array(z)",
        "np.matrix(z)",
        "float('nan')",
        "memoryview(b'x')",
    ],
)
def test_odd_answers_arrive_as_data(value: str) -> None:
    student = student_with(f"import numpy as np\ndef relu(z): return {value}")
    try:
        answer = student.module.relu(Z)
        assert type(answer).__module__.split(".")[0] in ("builtins", "numpy", "assignment")
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
            student.module.relu(Z)
        assert "weights.npz" in caught.value.exception
        assert "/" not in caught.value.exception
    finally:
        student.close()
