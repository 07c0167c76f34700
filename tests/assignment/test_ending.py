"""Commands that something outside ends: one line, the right status, and never a raw traceback."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import sampled, script_with, write_workplace

LOOP = "while True:\n        pass"


@pytest.fixture
def solved(tmp_path: Path) -> Path:
    return write_workplace(tmp_path / "solved", with_solutions=True)


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of bash, where PYTHON is this interpreter."""
    return subprocess.run(
        ["bash", "-c", command.replace("PYTHON", sys.executable)],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def interrupted(folder: Path, *command: str, after: str) -> tuple[int, str]:
    """Status and standard error of a command that gets Ctrl-C once it has printed a line."""
    process = subprocess.Popen(
        [sys.executable, "-u", *command],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    while after not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    return process.returncode, err.strip()


def test_ctrl_c_in_an_endless_loop_says_the_line(solved: Path) -> None:
    (solved / "numpy_ann.py").write_text(script_with("numpy_ann", {"1.2": LOOP}))
    status, err = interrupted(solved, "numpy_ann.py", "--check", after="1.1 softmax")
    assert status == 130
    assert re.fullmatch(r"stopped at numpy_ann\.py, line \d+, in relu: (while True:|pass)", err)


def test_ctrl_c_while_a_package_is_loading_is_one_line(solved: Path) -> None:
    """A stand-in for torch, which takes its time."""
    (solved / "torch.py").write_text("print('loading')\nimport time\ntime.sleep(30)\n")
    status, err = interrupted(solved, "pytorch_ann.py", after="loading")
    assert status in (130, -signal.SIGINT)
    assert re.fullmatch(r"stopped at .*: .*", err)


def test_ctrl_c_in_the_checklist_is_one_line(solved: Path) -> None:
    (solved / "numpy_ann.py").write_text(script_with("numpy_ann", {"1.2": LOOP}))
    process = subprocess.Popen(
        [sys.executable, "utils.py", "--checklist"], cwd=solved, text=True, stderr=subprocess.PIPE
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.strip()) == (130, "stopped")


@pytest.mark.parametrize(("redirection", "status", "said"), sampled([
    ("| head -1; exit ${PIPESTATUS[0]}", 141, ""),
    ("| true; exit ${PIPESTATUS[0]}", 141, ""),
    ("> /dev/full", 2, "error: the output cannot be written (No space left on device)\n"),
    ("<&-", 0, ""),
    (">&-", 0, ""),
    ("2>&-", 0, ""),
    ("<&- >&- 2>&-", 0, ""),
], every=2))  # fmt: skip
def test_closed_and_full_streams(solved: Path, redirection: str, status: int, said: str) -> None:
    ran = shell(f"PYTHON numpy_ann.py --check {redirection}", solved)
    assert (ran.returncode, ran.stderr) == (status, said)


def test_an_error_at_the_top_of_a_script_is_shown_without_a_traceback(solved: Path) -> None:
    script = solved / "numpy_ann.py"
    script.write_text(
        script.read_text().replace("class NumpyANN", "HIDDEN = np.Zeros(3)\n\n\nclass NumpyANN")
    )
    ran = shell("PYTHON numpy_ann.py", solved)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert re.search(r"numpy_ann\.py, line \d+: HIDDEN = np\.Zeros\(3\)", ran.stderr)
    assert "AttributeError" in ran.stderr


def test_utils_alone_keeps_pythons_own_tracebacks(tmp_path: Path, solved: Path) -> None:
    (tmp_path / "utils.py").write_text((solved / "utils.py").read_text())
    (tmp_path / "mine.py").write_text("import utils\nutils.nothing\n")
    ran = shell("PYTHON -S mine.py; true", tmp_path)
    assert "Traceback" in ran.stderr
