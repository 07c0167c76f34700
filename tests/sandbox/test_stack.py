"""A call that hangs says where; a worker that waits for a processor is told from one that hangs."""

from __future__ import annotations

import time

import pytest

from grader.errors import TimedOut
from grader.results import Frame
from grader.sandbox import process_tree, stack
from grader.sandbox.stack import HangWatch, own_frames, shown
from tests.sandbox.support import LEVELS, Z, student_with
from tests.support import sampled

SOURCE = b"def relu(z):\n    return helper(z)\n\ndef helper(z):\n    while True: pass\n"
DUMP = """Current thread 0x00007f0000000000 (most recent call first):
  File "/submission/numpy_ann.py", line 5 in helper
  File "/submission/numpy_ann.py", line 2 in relu
  File "/submission/worker/worker.py", line 120 in op_call
  File "/somewhere/utils.py", line 3 in minibatches
"""


def test_the_scripts_own_frames_are_read_from_a_dump() -> None:
    frames = own_frames(DUMP, {"numpy_ann.py": SOURCE})
    assert [str(frame) for frame in frames] == [
        "numpy_ann.py, line 2, in relu: return helper(z)",
        "numpy_ann.py, line 5, in helper: while True: pass",
    ]


@pytest.mark.parametrize("dump", [
    "", "  File", '  File "numpy_ann.py", line 99 in relu', '  File "numpy_ann.py", line x in y',
    '  File "/etc/passwd", line 1 in root', '  File "numpy_ann.py", line 0 in relu', "\ufffd\x00",
    f'  File "numpy_ann.py", line {"9" * 5000} in relu',
])  # fmt: skip
def test_what_names_no_line_of_the_script_is_dropped(dump: str) -> None:
    assert own_frames(dump, {"numpy_ann.py": SOURCE}) == ()


def test_of_a_recursion_both_ends_are_shown() -> None:
    frames = tuple(Frame("numpy_ann.py", line, "relu", "") for line in range(50))
    assert [frame.line for frame in shown(frames)] == [0, 1, 2, 47, 48, 49]


HANGS = {
    "loop": "def relu(z):\n    while True:\n        pass",
    "sleep": "import time\ndef relu(z):\n    time.sleep(100)",
    "computation": "import numpy as np\ndef relu(z):\n    np.linalg.svd(np.ones((5000, 5000)))",
    "helper": "def relu(z):\n    return helper(z)\ndef helper(z):\n    while True:\n        pass",
    "generator": "def relu(z):\n    return sum(x for x in iter(int, 1))",
    "catches all": "def relu(z):\n    while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass",
}  # fmt: skip


@pytest.mark.parametrize("how", sampled(HANGS, every=2))
def test_a_call_that_hangs_says_where(how: str) -> None:
    student = student_with(HANGS[how], call_seconds=1)
    try:
        with pytest.raises(TimedOut) as caught:
            student.module.relu(Z)
    finally:
        student.close()
    assert caught.value.got.startswith("relu gave no answer within 1 s")
    assert caught.value.trace[0].function == "relu"
    assert caught.value.kind == "time-limit"


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_says_where(level: str) -> None:
    student = student_with(HANGS["loop"], level, call_seconds=1)
    try:
        with pytest.raises(TimedOut) as caught:
            student.module.relu(Z)
    finally:
        student.close()
    assert [frame.file for frame in caught.value.trace] == ["numpy_ann.py"]


FORGED = """
import faulthandler, os, signal
def relu(z):
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    for fd in range(3, 20):
        try:
            os.write(fd, b'  File "/etc/teacher/marks.db", line 1 in secret\\n' * 1000)
        except OSError:
            pass
    while True: pass
"""


def test_a_forged_stack_shows_nothing_of_its_own() -> None:
    student = student_with(FORGED, call_seconds=1)
    try:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind: the pipes are full of it
            student.module.relu(Z)
        assert "teacher" not in f"{caught.value} {getattr(caught.value, 'trace', '')}"
    finally:
        student.close()


def test_the_second_hang_in_one_place_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tree, "processor_wait", lambda pid: 0.0)  # however busy it is here
    monkeypatch.setattr(stack, "GLANCE_FROM", 0.1)
    monkeypatch.setattr(stack, "GLANCE_INTERVAL", 0.05)
    student = student_with(
        "def relu(z):\n    while True: pass\ndef relu_derivative(z):\n    return relu(z)",
        call_seconds=2,
    )
    try:
        with pytest.raises(TimedOut) as first:
            student.module.relu(Z)
        student._limits = student_with("", call_seconds=50)._limits
        with pytest.raises(TimedOut) as second:
            student.module.relu_derivative(Z)
    finally:
        student.close()
    assert not first.value.again
    assert second.value.again
    assert second.value.seconds < 50
    assert second.value.trace[-1].function == "relu"


def test_other_places_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "GLANCE_FROM", 0.0)
    monkeypatch.setattr(stack, "GLANCE_INTERVAL", 0.0)
    there, elsewhere = (Frame("numpy_ann.py", 1, name, "") for name in ("relu", "forward"))
    watch = HangWatch(frozenset({("numpy_ann.py", "relu")}), 20)
    time.sleep(0.001)
    seen = [watch.sees_hang(lambda: (elsewhere,)) for _ in range(50)]
    seen += [watch.sees_hang(lambda frame=frame: (frame,)) for frame in [there, elsewhere] * 20]
    assert not any(seen)
    assert any(watch.sees_hang(lambda: (elsewhere, there)) for _ in range(stack.FEW_GLANCES))


@pytest.mark.parametrize(("share", "is_starved"), [(0.9, True), (0.34, True), (0.2, False)])
def test_a_worker_that_waits_for_a_processor_is_no_hang(
    monkeypatch: pytest.MonkeyPatch, share: float, is_starved: bool
) -> None:
    started = time.monotonic()
    monkeypatch.setattr(
        process_tree, "processor_wait", lambda pid: share * (time.monotonic() - started)
    )
    student = student_with(HANGS["loop"], call_seconds=1)
    try:
        with pytest.raises(TimedOut) as caught:
            student.module.relu(Z)
    finally:
        student.close()
    assert student.was_starved is is_starved
    assert caught.value.waited == pytest.approx(share, abs=0.05)
    assert bool(student._hangs) is not is_starved


def test_excused_waiting_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer comes after the limit, but the kernel says that the worker had to wait."""
    monkeypatch.setattr(process_tree, "processor_wait", lambda pid: time.monotonic())
    student = student_with("import time\ndef relu(z):\n    time.sleep(1.2)\n    return z",
                           call_seconds=1)  # fmt: skip
    try:
        with pytest.raises(TimedOut):
            student.module.relu(Z)
        student.excuses_waiting = True
        assert student.module.relu(Z).shape == Z.shape
    finally:
        student.close()
