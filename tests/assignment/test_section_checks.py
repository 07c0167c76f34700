"""The public checks: what they show for wrong answers and exceptions, and how long they take."""

import re
import shutil
from pathlib import Path

import pytest

from assignment.section_checks import CHECKS
from tests.support import ROOT, run, script_with, write_workplace


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    return write_workplace(tmp_path / "stubs", with_solutions=False)


@pytest.fixture
def solved(tmp_path: Path) -> Path:
    return write_workplace(tmp_path / "solved", with_solutions=True)


def edit(folder: Path, sections: dict[str, str]) -> None:
    (folder / "numpy_ann.py").write_text(script_with("numpy_ann", sections))


def test_a_wrong_answer_says_got_expected_where_hint(solved: Path) -> None:
    edit(solved, {"1.2": "return np.abs(z)"})
    ran = run("numpy_ann.py", "--check", cwd=solved)
    assert ran.returncode == 1
    assert "✗ 1.2 relu" in ran.stdout
    assert "relu(z)[0, 0] is 1.5, expected 0 where z[0, 0] is -1.5" in ran.stdout
    assert "Hint: negative elements become 0" in ran.stdout
    assert "waits for 1.2" in ran.stdout


def test_an_exception_shows_the_students_own_lines_only(solved: Path) -> None:
    edit(solved, {"1.2": "return helper(z)", "1.4": "return float(y_true @ y_pred)"})
    script = solved / "numpy_ann.py"
    script.write_text(
        script.read_text().replace(
            "class NumpyANN", "def helper(z):\n    return z.nothing\n\n\nclass NumpyANN"
        )
    )
    ran = run("numpy_ann.py", cwd=solved)
    assert ran.returncode == 1
    assert re.search(r"numpy_ann.py, line \d+, in relu: return helper\(z\)", ran.stdout)
    assert re.search(r"numpy_ann.py, line \d+, in helper: return z.nothing", ran.stdout)
    assert "AttributeError" in ran.stdout
    assert "utils.py" not in ran.stdout
    assert "assignment" not in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
    assert 'section_checks.py", line' in run("numpy_ann.py", "--verbose", cwd=solved).stdout


@pytest.mark.exhaustive
def test_each_check_takes_less_than_a_second(solved: Path) -> None:
    """Measured after the imports: how long a student waits for each section."""
    code = (
        "import sys, time, importlib\n"
        "from assignment.section_checks import CHECKS\n"
        "for name, checks in CHECKS.items():\n"
        "    module = importlib.import_module(name)\n"
        "    for check in checks:\n"
        "        best = 9.0\n"
        "        for _ in range(3):\n"
        "            start = time.process_time()\n"
        "            check.run(module)\n"
        "            best = min(best, time.process_time() - start)\n"
        # seconds of CPU time; on two cores, less than a second of wall time
        "        assert best < 2.0, (check.number, best)\n"
    )
    ran = run("-c", code, cwd=solved)
    assert ran.returncode == 0, ran.stderr


def as_pytest(folder: Path, *arguments: str) -> str:
    """What `pytest tests` prints in a student's folder."""
    shutil.copytree(ROOT / "tests" / "student", folder / "tests")
    options = ("-q", "-p", "no:cacheprovider", "-rs")
    return run("-m", "pytest", *options, *(arguments or ("tests",)), cwd=folder).stdout


def test_public_checks_as_pytest(stubs: Path, solved: Path) -> None:
    """Stubs fail; what waits for them is skipped, with the reason."""
    assert "16 passed" in as_pytest(solved)
    printed = as_pytest(stubs)
    assert "7 failed, 1 passed, 8 skipped" in printed, printed[-2000:]
    assert "waits for 1.2" in printed


@pytest.mark.parametrize(("old", "new", "said"), [
    ("return np.maximum(z, 0)", "return np.abs(z)", "relu(z)[0, 0] is 1.5, expected 0"),
    ("class NumpyANN", "def broken(:\n\nclass NumpyANN", "numpy_ann.py cannot be imported"),
    ("class NumpyANN", "exit()\n\nclass NumpyANN", "numpy_ann.py cannot be imported"),
    ("def relu(", "def Relu(", "it defines Relu"),
])  # fmt: skip
def test_one_fault_is_one_failure_in_pytest(solved: Path, old: str, new: str, said: str) -> None:
    script = solved / "numpy_ann.py"
    script.write_text(script.read_text().replace(old, new, 1))
    printed = as_pytest(solved, "tests/test_numpy_ann.py")
    assert "\n1 failed" in printed or printed.startswith("1 failed"), printed
    assert said in printed
    assert "Traceback" not in printed


def test_public_checks_accept_the_reference_and_refuse_every_stub() -> None:
    numbers = [check.number for checks in CHECKS.values() for check in checks]
    assert numbers == [
        "1.1",
        "1.2",
        "1.3",
        "1.4",
        "1.5",
        "1.6",
        *(f"{p}.{s}" for p in (2, 3) for s in range(1, 6)),
    ]
