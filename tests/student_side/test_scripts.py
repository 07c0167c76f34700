"""The scripts as a student runs them: a subprocess, its exit status, its printed lines, its files."""

import re
import signal
import subprocess
import sys
import time
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


def shape(text: str) -> list[str]:
    """Lines with their numbers masked, so that transcripts compare whatever the machine."""
    return [
        re.sub(r"\s+", " ", re.sub(r"\d+\.\d+", "#", line)).strip()
        for line in text.strip().splitlines()
    ]


def transcripts() -> list[str]:
    """What README.md says that `python numpy_ann.py` prints."""
    blocks = re.findall(
        r"```console\n\$ python numpy_ann.py\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert len(blocks) == 2
    return blocks


def test_readme_transcript_of_the_stubs(stubs: Path) -> None:
    ran = run("numpy_ann.py", cwd=stubs)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert shape(ran.stdout) == shape(transcripts()[0])


def test_readme_transcript_of_the_solution(solved: Path) -> None:
    ran = run("numpy_ann.py", cwd=solved)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert shape(ran.stdout) == shape(transcripts()[1])
    assert (solved / "numpy_ann_train_val_metrics.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("script", ["pytorch_ann", "pytorch_cnn"])
def test_torch_stubs_end_without_a_traceback(stubs: Path, script: str) -> None:
    ran = run(f"{script}.py", cwd=stubs)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "not written yet" in ran.stdout


@pytest.mark.parametrize("script", ["pytorch_ann", "pytorch_cnn"])
def test_solved_torch_scripts_check_and_train(solved: Path, script: str) -> None:
    assert run(f"{script}.py", "--check", cwd=solved).returncode == 0
    ran = run(
        f"{script}.py",
        "--train-size",
        "300",
        "--epochs",
        "2",
        "--batch-size",
        "50",
        "--device",
        "cpu",
        cwd=solved,
    )
    assert ran.returncode == 1  # 300 images do not meet the bar
    assert "Training on 300 images, cpu" in ran.stdout
    assert re.search(r"Test accuracy \d+\.\d\d%, bar 8[05]%: not met yet", ran.stdout)
    assert (solved / f"{script}_train_val_metrics.png").exists()


def test_an_unwritten_judgement_does_not_hold_up_training_but_costs_the_exit_status(
    solved: Path,
) -> None:
    script = solved / "pytorch_ann.py"
    script.write_text(
        script.read_text().replace('JUDGEMENT = "generalizing"', 'JUDGEMENT = "TODO 2.5"')
    )
    ran = run("pytorch_ann.py", "--epochs", "2", "--train-size", "20000", cwd=solved)
    assert ": met" in ran.stdout
    assert ran.returncode == 1
    assert "read the curves in pytorch_ann_train_val_metrics.png, set JUDGEMENT (2.5)" in ran.stdout


def edit(folder: Path, sections: dict[str, str]) -> None:
    (folder / "numpy_ann.py").write_text(script_with("numpy_ann", sections))


def test_a_wrong_answer_says_got_expected_where_hint(solved: Path) -> None:
    edit(solved, {"1.2": "return np.abs(z)"})
    ran = run("numpy_ann.py", "--check", cwd=solved)
    assert ran.returncode == 1
    assert "✗ 1.2 relu" in ran.stdout
    assert "relu(z)[0, 0] is 2, expected 0 where z[0, 0] is -2" in ran.stdout
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


def test_a_diverging_loss_ends_with_a_hint(solved: Path) -> None:
    ran = run(
        "numpy_ann.py", "--learning-rate", "1e6", "--train-size", "500", "--epochs", "1", cwd=solved
    )
    assert ran.returncode == 1
    assert "training diverged. Hint: try a smaller LEARNING_RATE first" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_an_exception_in_training_ends_without_a_bare_traceback(solved: Path) -> None:
    script = solved / "numpy_ann.py"
    script.write_text(
        script.read_text().replace(
            "history = History()", "history = History()\n        X_train @ X_train"
        )
    )
    ran = run("numpy_ann.py", "--train-size", "100", cwd=solved)
    assert ran.returncode == 1
    assert "Training stopped with an error" in ran.stdout
    assert "X_train @ X_train" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(("option", "value", "message"), [
    ("--epochs", "0", "0 is not positive"),
    ("--epochs", "many", "invalid positive int value: 'many'"),
    ("--learning-rate", "-1", "-1 is not positive"),
    ("--train-size", "60000", "train_size is 60000, expected 1 to 54000"),
    ("--data-dir", "/nowhere", "/nowhere/FashionMNIST/raw/train-images-idx3-ubyte.gz is missing"),
])  # fmt: skip
def test_bad_options_give_one_line_and_status_2(
    solved: Path, option: str, value: str, message: str
) -> None:
    ran = run("numpy_ann.py", option, value, cwd=solved)
    assert ran.returncode == 2
    assert message in ran.stderr.splitlines()[-1]


def test_an_absent_device_gives_one_line_and_status_2(solved: Path) -> None:
    ran = run("pytorch_ann.py", "--device", "abacus", cwd=solved)
    assert (ran.returncode, ran.stderr.strip().count("\n")) == (2, 0)
    assert "device 'abacus' is not available here" in ran.stderr


def test_ctrl_c_ends_with_one_line(solved: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "numpy_ann.py", "--epochs", "100000"],
        cwd=solved,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    while "Training on" not in process.stdout.readline():
        pass
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.strip()) == (130, "stopped")


def test_a_plain_console_gets_plain_marks(stubs: Path) -> None:
    ran = run("numpy_ann.py", cwd=stubs, PYTHONIOENCODING="ascii:strict")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "ok 1.1 softmax" in ran.stdout


def test_each_check_takes_less_than_a_second(solved: Path) -> None:
    """Measured inside, after the imports: what a student waits for each section."""
    code = (
        "import sys, time, importlib\n"
        "from assignment.section_checks import CHECKS\n"
        "for name, checks in CHECKS.items():\n"
        "    module = importlib.import_module(name)\n"
        "    for check in checks:\n"
        "        best = 9.0\n"
        "        for _ in range(3):\n"
        "            start = time.process_time(); check.run(module); best = min(best, time.process_time() - start)\n"
        "        assert best < 2.0, (check.number, best)\n"  # of CPU on two cores: under a second of wall time
    )
    ran = run("-c", code, cwd=solved)
    assert ran.returncode == 0, ran.stderr


def test_public_checks_as_pytest(stubs: Path, solved: Path) -> None:
    for folder, failures in ((solved, 0), (stubs, 15)):
        tests = folder / "tests"
        tests.mkdir()
        for path in (ROOT / "tests" / "student").glob("*.py"):
            (tests / path.name).write_text(path.read_text())
        ran = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", "tests", cwd=folder)
        expected = f"{failures} failed, 1 passed" if failures else "16 passed"
        assert expected in ran.stdout, ran.stdout[-2000:]


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
