"""The scripts as students run them: exit status, printed lines, files."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assignment.fingerprint import source_fingerprint
from assignment.parts import PARTS
from assignment.plot_checks import history_of
from tests.support import ROOT, run, sampled, write_workplace


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


@pytest.mark.parametrize("script", sampled(["pytorch_ann", "pytorch_cnn"], every=2))
def test_torch_stubs_end_without_a_traceback(stubs: Path, script: str) -> None:
    ran = run(f"{script}.py", cwd=stubs)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "not written yet" in ran.stdout


@pytest.mark.parametrize(
    "script", [pytest.param("pytorch_ann", marks=pytest.mark.exhaustive), "pytorch_cnn"]
)
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


@pytest.mark.exhaustive
def test_training_does_not_wait_for_the_judgement(solved: Path) -> None:
    script = solved / "pytorch_ann.py"
    script.write_text(
        script.read_text().replace('JUDGEMENT = "generalizing"', 'JUDGEMENT = "TODO 2.5"')
    )
    ran = run("pytorch_ann.py", "--epochs", "2", "--train-size", "20000", cwd=solved)
    assert ": met" in ran.stdout
    assert ran.returncode == 1
    assert "write --epochs 2 into the script (EPOCHS = 2)" in ran.stdout
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


@pytest.mark.parametrize(("option", "value", "message"), sampled([
    ("--epochs", "0", "0 is not positive"),
    ("--learning-rate", "inf", "LEARNING_RATE is inf, expected a positive number"),
    ("--epochs", "many", "argument --epochs: 'many' is no whole number, expected one above 0"),
    ("--learning-rate", "-1", "-1 is not positive"),
    ("--train-size", "60000", "train_size is 60000, expected 1 to 54000"),
    ("--device", "tpu", "device is 'tpu', expected auto, cpu, cuda or mps"),
    ("--data-dir", "/nowhere", "/nowhere/FashionMNIST/raw/train-images-idx3-ubyte.gz is missing"),
], every=2))  # fmt: skip
def test_bad_options_give_one_line_and_status_2(
    solved: Path, option: str, value: str, message: str
) -> None:
    ran = run("numpy_ann.py", option, value, cwd=solved)
    assert ran.returncode == 2
    assert message in ran.stderr.splitlines()[-1]


def edit(script: Path, old: str, new: str) -> None:
    source = script.read_text()
    assert old in source
    script.write_text(source.replace(old, new, 1))


QUICK = ("--train-size", "300", "--epochs", "1")


@pytest.mark.parametrize(("old", "new", "said"), sampled([
    ("BATCH_SIZE = 64", 'BATCH_SIZE = "64"',
     "BATCH_SIZE is the text '64', expected a whole number, 1 or more: remove the quotes."),
    ("EPOCHS = 8", "EPOCHS = 0", "EPOCHS is 0, expected a whole number, 1 or more."),
    ("LEARNING_RATE = 0.004", "LEARNING_RATE = 1e-12", "LEARNING_RATE is 1e-12, expected a pos"),
    ("EPOCHS = 8", "", "EPOCHS is not defined at the top of numpy_ann.py"),
    ("class NumpyANN", "data = utils.load_fashion_mnist()\n\n\nclass NumpyANN",
     "loads data while the script is imported"),
    ("def fit(", "def train(", "fit is not defined in class NumpyANN of numpy_ann.py"),
], every=2))  # fmt: skip
def test_a_script_wrong_as_a_whole_is_not_trained(
    solved: Path, old: str, new: str, said: str
) -> None:
    """Options that would override a constant do not help: marking runs without them."""
    edit(solved / "numpy_ann.py", old, new)
    ran = run("numpy_ann.py", *QUICK, "--batch-size", "50", cwd=solved)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert f"✗ {said}" in ran.stdout or said in ran.stdout
    assert "Training on" not in ran.stdout
    assert "Next: fix what is marked above, then run python numpy_ann.py again." in ran.stdout


def test_gradients_switched_off_for_everything_are_named(solved: Path) -> None:
    script = solved / "pytorch_ann.py"
    edit(script, "class PyTorchANN", "torch.set_grad_enabled(False)\n\n\nclass PyTorchANN")
    ran = run("pytorch_ann.py", "--check", cwd=solved)
    assert ran.returncode == 1
    assert "torch.set_grad_enabled(False) stands at its top level" in ran.stdout
    assert "✓ 2.3 training_step" in ran.stdout


@pytest.mark.parametrize(("old", "new", "said"), sampled([
    ("class PyTorchANN", "class Net", "not defined in pytorch_ann.py; it defines Net"),
    ("class PyTorchANN(nn.Module)", "class PyTorchANN", "is not an nn.Module, expected class"),
    ("class PyTorchANN", "class PytorchANN", "in pytorch_ann.py; it defines PytorchANN"),
    ("def training_step", "def train_step", "PyTorchANN of pytorch_ann.py; it defines train_"),
    ("def forward", "def foward", "forward is not defined in class PyTorchANN"),
], every=5))  # fmt: skip
def test_wrong_names_and_kinds_have_a_sentence(solved: Path, old: str, new: str, said: str) -> None:
    edit(solved / "pytorch_ann.py", old, new)
    ran = run("pytorch_ann.py", "--check", cwd=solved)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert said in ran.stdout


def test_a_method_outside_its_class_is_said_to_be(solved: Path) -> None:
    script = solved / "numpy_ann.py"
    source = script.read_text().replace("def backward", "def backwards", 1)
    script.write_text(source.replace("# %% Check,", "def backward(self, X, y_true):\n    ...\n\n#"))
    ran = run("numpy_ann.py", "--check", cwd=solved)
    assert "backward stands outside class NumpyANN in numpy_ann.py" in ran.stdout


def test_numpy_errors_raised_by_a_script_spare_the_given_softmax(solved: Path) -> None:
    edit(
        solved / "numpy_ann.py",
        "import numpy as np\n",
        'import numpy as np\nnp.seterr(all="raise")\n',
    )
    ran = run("numpy_ann.py", "--train-size", "6000", "--epochs", "2", cwd=solved)
    assert "Test accuracy" in ran.stdout, ran.stdout


def test_a_quick_try_leaves_the_full_runs_plot_alone(solved: Path, tmp_path: Path) -> None:
    """It writes beside it and beside the script, whatever the working directory."""
    full = solved / "numpy_ann_train_val_metrics.png"
    full.write_bytes(b"of the full run")
    ran = run(solved / "numpy_ann.py", "--epochs", "2", "--train-size", "20000", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert full.read_bytes() == b"of the full run"
    quick = solved / "numpy_ann_train_val_metrics_quick.png"
    assert f"Learning curves: {quick}" in ran.stdout
    assert "This was a try with --epochs 2 --train-size 20000" in ran.stdout
    assert "write --epochs 2 into the script (EPOCHS = 2)" in ran.stdout
    carried = history_of(quick)
    assert carried is not None
    assert carried["options"] == {"epochs": 2, "train_size": 20000}


@pytest.mark.exhaustive
def test_options_equal_to_the_script_are_a_full_run(solved: Path) -> None:
    edit(solved / "numpy_ann.py", "EPOCHS = 8", "EPOCHS = 1")
    ran = run("numpy_ann.py", "--epochs", "1", "--seed", "3", cwd=solved)
    assert "This was a try" not in ran.stdout
    carried = history_of(solved / "numpy_ann_train_val_metrics.png")
    assert carried is not None
    assert carried["options"] == {}


def test_the_fingerprint_is_that_of_the_code_that_trained(solved: Path) -> None:
    script = solved / "numpy_ann.py"
    before = source_fingerprint(script.read_bytes())
    line = "        history = History()\n"
    change = f"        open('numpy_ann.py', 'a').write('changed = 1')\n{line}"
    edit(script, line, change)
    trained = source_fingerprint(script.read_bytes())
    run("numpy_ann.py", *QUICK, cwd=solved)
    carried = history_of(solved / "numpy_ann_train_val_metrics_quick.png")
    assert carried is not None
    assert carried["fingerprint"] == trained != before
    assert source_fingerprint(script.read_bytes()) != trained


def test_a_missing_matplotlib_is_said_before_training(solved: Path, tmp_path: Path) -> None:
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "matplotlib.py").write_text("raise ImportError('no such thing')\n")
    ran = run("numpy_ann.py", cwd=solved, PYTHONPATH=str(tmp_path / "fake"))
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: matplotlib, which draws the learning curves, cannot be")
    assert ran.stderr.count("\n") == 1
    assert "Training on" not in ran.stdout


def test_a_plot_that_cannot_be_written_is_said_before_training(solved: Path) -> None:
    (solved / "numpy_ann_train_val_metrics.png").mkdir()
    ran = run("numpy_ann.py", cwd=solved)
    assert ran.returncode == 2
    assert "numpy_ann_train_val_metrics.png could not be written after training" in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert "Training on" not in ran.stdout


@pytest.mark.parametrize(("package", "script", "said"), [
    ("numpy", "numpy_ann.py", "pip install numpy"),
    ("torch", "pytorch_ann.py", "pip install -r requirements.txt"),
    ("pandas", "numpy_ann.py", "pandas is no package of the assignment"),
])  # fmt: skip
def test_a_package_that_is_not_installed_is_said_with_the_cure(
    solved: Path, tmp_path: Path, package: str, script: str, said: str
) -> None:
    absent = f"raise ModuleNotFoundError(\"No module named '{package}'\", name='{package}')"
    (tmp_path / "absent" / package).mkdir(parents=True)
    (tmp_path / "absent" / package / "__init__.py").write_text(absent)
    edit(
        solved / "numpy_ann.py", "import numpy as np\n", "import numpy as np\nimport pandas as pd\n"
    )
    ran = run(script, cwd=solved, PYTHONPATH=str(tmp_path / "absent"))
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert said in ran.stderr.splitlines()[-1]


def test_a_try_with_few_images_gives_no_advice_on_the_constants(solved: Path) -> None:
    ran = run("numpy_ann.py", "--train-size", "20", "--epochs", "1", cwd=solved)
    assert ran.returncode == 1
    assert "only a run with all of" in ran.stdout
    assert "LEARNING_RATE" not in ran.stdout


def test_what_a_section_prints_is_one_line(solved: Path) -> None:
    loop = "for i in range(500):\n            print('step', i)\n        self.z1 = X"
    edit(solved / "numpy_ann.py", "self.z1 = X", loop)
    ran = run("numpy_ann.py", "--check", cwd=solved)
    assert ran.returncode == 0
    assert "printed: step 0 … and" in ran.stdout
    assert len(ran.stdout.splitlines()) < 15
    assert "step 499" in run("numpy_ann.py", "--check", "--verbose", cwd=solved).stdout


@pytest.mark.exhaustive
def test_an_absent_device_gives_one_line_and_status_2(solved: Path) -> None:
    absent = "cuda" if sys.platform == "darwin" else "mps"
    ran = run("pytorch_ann.py", "--device", absent, cwd=solved)
    assert (ran.returncode, ran.stderr.strip().count("\n")) == (2, 0)
    assert f"device '{absent}' is not available here" in ran.stderr


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
