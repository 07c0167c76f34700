"""The scripts as students run them: exit status, printed lines, files."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assignment.parts import PARTS
from tests.support import ROOT, run, write_workplace


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
    bar = f"{PARTS[script].bar:.0%}"
    assert re.search(rf"Test accuracy \d+\.\d\d%, bar {bar}: not met yet", ran.stdout)
    assert (solved / f"{script}_train_val_metrics_quick.png").exists()
    assert not (solved / f"{script}_train_val_metrics.png").exists()


def test_training_does_not_wait_for_the_judgement(solved: Path) -> None:
    script = solved / "pytorch_ann.py"
    script.write_text(
        script.read_text().replace('JUDGEMENT = "generalizing"', 'JUDGEMENT = "TODO 2.5"')
    )
    ran = run("pytorch_ann.py", "--epochs", "2", "--train-size", "20000", cwd=solved)
    assert ": met" in ran.stdout
    assert ran.returncode == 1
    assert "write EPOCHS = 2 into it" in ran.stdout
    assert "without options, read the curves, set JUDGEMENT (2.5)" in ran.stdout


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
    ("--learning-rate", "inf", "LEARNING_RATE is inf, expected a positive number"),
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
    assert process.returncode == 130
    assert re.fullmatch(r"stopped at numpy_ann\.py, line \d+, in \w+: .*", err.strip())


def test_a_plain_console_gets_plain_marks(stubs: Path) -> None:
    ran = run("numpy_ann.py", cwd=stubs, PYTHONIOENCODING="ascii:strict")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "ok 1.1 softmax" in ran.stdout
