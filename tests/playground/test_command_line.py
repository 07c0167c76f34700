"""`python -m playground`, as it is used: exit status, printed lines, files."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from playground.__main__ import main
from playground.configuration import Configuration
from playground.csv_files import read_csv, write_csv
from playground.datasets import load, split
from playground.errors import PlaygroundError
from playground.experiments.settings import ExperimentSettings
from playground.network import Network
from playground.storage import load as load_network
from playground.storage import save
from playground.sweeps import SweepSettings, sweep
from tests.support import ROOT, sampled
from tests.support import run as run_python

SMALL = ["--train-size", "600", "--validation-size", "200", "--epochs", "2", "--hidden-sizes", "16"]


@pytest.fixture
def csv_files(tmp_path: Path) -> list[str]:
    """The first images of Fashion-MNIST, 300 to train on and 50 to test on."""
    dataset = load("fashion-mnist")
    write_csv(tmp_path / "train.csv", dataset.X_train[:300], dataset.y_train[:300])
    write_csv(tmp_path / "test.csv", dataset.X_test[:50], dataset.y_test[:50])
    return [str(tmp_path / "train.csv"), str(tmp_path / "test.csv")]


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_train_prints_its_curve_and_the_test_accuracy_once_and_writes_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--save", str(tmp_path / "network.npz"), "--plot", str(tmp_path / "curves.png")]
    status, out, err = run(["train", *SMALL, *files], capsys)
    assert (status, err) == (0, "")
    assert out.startswith("784-16-10: 12,730 parameters; 600 images\nepoch ")
    assert out.count("Test accuracy") == 1
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    network, dataset = load_network(tmp_path / "network.npz"), load("fashion-mnist")
    _, accuracy = network.evaluate(dataset.X_test, dataset.y_test)
    assert f"Test accuracy {accuracy:.2%} on 10,000 images" in out


def test_options_change_the_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "network.npz"
    options = [
        "--recipe",
        "best",
        "--optimizer",
        "sgd",
        "--no-flips",
        "--learning-rate",
        "0.05",
        "--save",
        str(path),
    ]
    assert run(["train", *SMALL, *options], capsys)[0] == 0
    configuration = load_network(path).configuration
    assert (configuration.hidden_sizes, configuration.optimizer) == ((16,), "sgd")
    assert (configuration.flips, configuration.learning_rate) == (False, 0.05)


def test_the_convolutional_recipe_is_trained_saved_and_loaded_as_any_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "network.npz"
    options = ["--recipe", "lenet", "--train-size", "300", "--validation-size", "100"]
    options += ["--epochs", "1", "--no-test", "--save", str(path)]
    status, out, _ = run(["train", *options], capsys)
    assert status == 0
    assert out.startswith("784-4704-1600-120-84-10: 61,706 parameters; 300 images\n")
    data = split(load("fashion-mnist"), validation_size=100, train_size=300)
    _, accuracy = load_network(path).evaluate(data.X_val, data.y_val)
    assert f"Validation accuracy {accuracy:.2%} on 100 images" in out
    assert main(["inspect", str(path), "--out", str(tmp_path / "page.html")]) == 2
    assert "this network cannot be shown: expected linear layers" in capsys.readouterr().err


def test_options_change_what_a_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "best.yaml").write_text(
        "optimizer: rmsprop\nhidden_sizes: [64, 32]\nactivation: tanh\nepochs: 7\n"
    )
    path = tmp_path / "network.npz"
    options = [
        "--config",
        str(tmp_path / "best.yaml"),
        "--activation",
        "sigmoid",
        "--save",
        str(path),
    ]
    assert run(["train", *SMALL, *options], capsys)[0] == 0
    configuration = load_network(path).configuration
    assert (configuration.optimizer, configuration.hidden_sizes) == ("rmsprop", (16,))
    assert (configuration.activation, configuration.epochs) == ("sigmoid", 2)


def test_no_test_leaves_the_test_images_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = load("fashion-mnist")
    without_test = dataset._replace(X_test=None, y_test=None)  # whatever looks at them fails
    monkeypatch.setattr("playground.datasets.load", lambda *arguments: without_test)
    status, out, _ = run(["train", *SMALL, "--no-test"], capsys)
    assert status == 0
    assert "Validation accuracy" in out
    assert "Test accuracy" not in out


def test_a_killed_training_is_resumed_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = [str(tmp_path / name) for name in ("whole.npz", "resumed.npz")]
    command = ["train", *SMALL, "--no-test", "--checkpoint", str(tmp_path / "run.npz")]
    assert run(["train", *SMALL, "--no-test", "--save", saved[0]], capsys)[0] == 0

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("playground.tracking.Tracker.epoch", killed)
        _, _, err = run(command, capsys)
    assert err.endswith("no file was left incomplete; --resume resumes after the last epoch\n")
    assert "run.npz already exists: add --resume to resume it" in run(command, capsys)[2]
    status, out, _ = run([*command, "--resume", "--save", saved[1]], capsys)
    assert status == 0
    assert "\nresumed after epoch 1 of 2\n" in out
    whole, resumed = map(load_network, saved)
    np.testing.assert_array_equal(whole.parameters, resumed.parameters)


def test_train_tells_its_tracker_what_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(
        ["train", *SMALL, "--tracker", "csv", "--log-dir", str(tmp_path / "runs")], capsys
    )
    epochs = (tmp_path / "runs" / "epochs.csv").read_text().splitlines()
    assert len(epochs) == 3
    with (tmp_path / "runs" / "runs.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    summary = {name: value for _, part, name, value in rows if part == "summary"}
    assert f"Test accuracy {float(summary['test_accuracy']):.2%}" in out
    assert f"Validation accuracy {float(summary['val_accuracy']):.2%}" in out


def test_train_reads_csv_files(csv_files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(["train", "--csv", *csv_files, "--epochs", "1"], capsys)
    assert status == 0
    assert "270 images" in out
    assert "on 30 images" in out
    assert "on 50 images" in out


def test_a_reader_that_leaves_early_is_no_error_message() -> None:
    command = [sys.executable, "-m", "playground", "run", "--list"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize("command", [
    ["train", "--tracker", "cvs"],
    ["train-cnn", "--tracker", "cvs"],
    ["train-cnn", "--device", "tpu"],
    ["sweep", "--tracker", "cvs"],
    ["sweep", "--pruner", "medain"],
], ids=" ".join)  # fmt: skip
def test_a_misspelt_name_is_found_before_any_data_is_read(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("playground.datasets.load", None)  # a call would raise TypeError
    status, _, err = run(command, capsys)
    assert status == 2
    assert "did you mean" in err or "expected auto or one of" in err


def test_samples_and_inspect_and_sweep_read_csv_files(
    csv_files: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_other_data(*arguments: object) -> None:
        raise AssertionError("reads the published files")

    monkeypatch.setattr("playground.datasets.read_idx", no_other_data)
    monkeypatch.chdir(tmp_path)
    save(Network(784, 10, Configuration(hidden_sizes=(4,))), "net.npz")
    for command in (["samples"], ["inspect", "net.npz"]):
        status, _, err = run([*command, "--csv", *csv_files], capsys)
        assert (status, err) == (0, ""), command
    settings = SweepSettings(csv=(csv_files[0], csv_files[1]), epochs=1)
    sweep("sweep.db", settings, 1, pruner="none", verbose=False)
    with pytest.raises(PlaygroundError, match=r"sweep\.db was started with csv .*, not"):
        sweep("sweep.db", replace(settings, csv=(csv_files[1], csv_files[0])), 2)


def test_experiments_read_csv_files_unless_they_compare_two_datasets(
    csv_files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = (csv_files[0], csv_files[1])
    data = ExperimentSettings(csv=files).data()
    assert data.images == {"train": 270, "validation": 30, "test": 50}
    _, _, err = run(["run", "losses", "transfer", "--csv", *csv_files], capsys)
    assert err.startswith("error: --csv replaces one dataset, but MNIST is needed too by transfer")


def test_export_csv_writes_what_read_csv_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = load("mnist")
    few = dataset._replace(
        X_train=dataset.X_train[:20],
        y_train=dataset.y_train[:20],
        X_test=dataset.X_test[:10],
        y_test=dataset.y_test[:10],
    )
    monkeypatch.setattr("playground.datasets.load", lambda *arguments: few)
    status, out, _ = run(["export-csv", "--dataset", "mnist", "--folder", str(tmp_path)], capsys)
    assert status == 0
    assert out.splitlines() == [
        f"20 images: {tmp_path}/mnist_train.csv",
        f"10 images: {tmp_path}/mnist_test.csv",
    ]
    X, y = read_csv(tmp_path / "mnist_test.csv")
    np.testing.assert_array_equal(X, few.X_test)
    np.testing.assert_array_equal(y, few.y_test)


@pytest.mark.parametrize(
    ("name", "start"), [("grid.png", b"\x89PNG"), ("grid.svg", b"<?xml"), ("grid.pdf", b"%PDF")]
)
def test_samples_draws_a_grid(
    name: str, start: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["samples", "--dataset", "mnist", "--output", str(tmp_path / name)], capsys)[0] == 0
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize(("arguments", "message"), [
    (["trian"], "unknown command 'trian', did you mean 'train'?"),
    (["--hlep"], "unknown option --hlep, did you mean '--help'? See python -m playground --help"),
    (["train", "--optimzer", "sgd"], "unknown option --optimzer, did you mean '--optimizer'? See"),
    (["train", "--recpie=best"], "unknown option --recpie, did you mean '--recipe'?"),
    (["run", "--quik", "losses"], "did you mean '--quick'? See python -m playground run --help"),
    (["run", "losses", "--seed", "3"], "unknown option --seed, did you mean '--seeds'?"),
    (["samples", "grid.png"], "unexpected argument 'grid.png'"),
    (["train", "--epochs", "ten"], "argument --epochs: invalid int value: 'ten'"),
    (["inspect"], "the following arguments are required: FILE. See python -m playground inspect"),
    ([], "the following arguments are required: COMMAND. See python -m playground --help"),
    (["train", "--recipe", "bst"], "unknown recipe 'bst', did you mean 'best'?"),
    (["train", "--optimizer", "nadm"], "unknown optimizer 'nadm', did you mean 'nadam'?"),
    (["train", "--dataset", "fashion"], "unknown dataset 'fashion', did you mean 'fashion-mnist'?"),
    (["train", "--config", "best.yaml"],
     "best.yaml cannot be read (No such file or directory), expected a configuration"),
    (["train", "--tracker", "cvs"], "unknown tracker 'cvs', did you mean 'csv'?"),
    (["train", "--epochs", "0"], "epochs is 0, expected an integer of at least 1"),
    (["train", "--save", "nowhere/network.npz"], "nowhere/network.npz cannot be written"),
    (["train", "--plot", "curves.gif"],
     "curves.gif cannot be written, expected a name that ends in .png or .svg or .pdf"),
    (["train", "--resume"], "--resume needs --checkpoint FILE, the run to resume"),
    (["train", "--checkpoint", "run.pt"], "expected a name that ends in .npz"),
    (["train", "--checkpoint", "a.npz", "--save", "a.npz"], "cannot be both"),
    (["train", "--live", "--live-port", "99999"], "99999 is out of range, expected 0 to 65535"),
    (["train", "--live-port", "8000"], "--live-port needs --live"),
    (["train", "--seed", "one"], "'one' is not an integer, expected 0 to 92"),
    (["train", "--hidden-sizes", "1000000000000"], "a network of 784-1000000000000-10 units has"),
    (["train", "--hidden-sizes", "9" * 30], "parameters, expected at most 67,108,864"),
    (["train", "--csv", "a.csv", "b.csv"], "a.csv cannot be read (No such file or directory)"),
    (["train", "--data-dir", "nowhere"], "is missing"),
    (["train", "--validation-size", "0", "--patience", "1"], "need validation images"),
    (["train", *SMALL, "--optimizer", "sgd", "--learning-rate", "1e30"],
     "try a learning rate below"),
    (["samples", "--output", "grid.txt"], "expected a name that ends in .png or .svg or .pdf"),
    (["export-csv", "--folder", "nowhere"], "nowhere/fashion-mnist_train.csv cannot be written"),
], ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "")  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = run(arguments, capsys)
    assert status == 2
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_by_another_name_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    same = tmp_path / "a.npz"
    status, _, err = run(["train", "--checkpoint", "a.npz", "--save", str(same)], capsys)
    assert status == 2
    assert "cannot be both the checkpoint and the trained network" in err


def test_ctrl_c_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("playground.commands.train.train", interrupted)
    assert run(["train", *SMALL], capsys)[::2] == (
        2,
        "error: interrupted; no file was left incomplete\n",
    )


@pytest.mark.parametrize("command", [["train-cnn"], ["run", "evolution", "--quick"]], ids=" ".join)
@pytest.mark.parametrize("error", sampled([
    "ImportError('libtorch_cpu.so: cannot open shared object file')",
    "OSError(2, 'cannot open shared object file', 'libtorch_cpu.so')",
    "RuntimeError('operator torchvision::nms\\ndoes not exist')",
    "ValueError()",
], every=4))  # fmt: skip
def test_a_torch_that_cannot_be_imported_is_one_line(
    error: str, command: list[str], tmp_path: Path
) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(f"raise {error}\n")
    done = run_python("-m", "playground", *command, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("error: torch is installed but cannot be imported (")
    assert done.stderr.endswith("): pip install --force-reinstall torch\n")
    assert done.stderr.count("\n") == 1
    assert "()" not in done.stderr


@pytest.mark.parametrize(
    "command", [["train", *SMALL, "--plot", "curves.png"], ["samples", "--output", "samples.svg"]]
)
def test_a_picture_without_matplotlib_is_one_line_before_anything_is_trained(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    status, out, err = run(command, capsys)
    assert (status, out) == (2, "")
    assert err.startswith(
        "error: matplotlib is required but not installed: pip install -e '.[student]' "
    )


def test_train_cnn_without_torch_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    status, _, err = run(["train-cnn", "--epochs", "1", "--train-size", "300"], capsys)
    assert status == 2
    assert err.startswith(
        "error: torch is required but not installed: pip install -e '.[playground]' "
    )


def test_the_package_offers_what_it_names_and_nothing_else() -> None:
    import playground

    assert all(getattr(playground, name) is not None for name in playground.__all__)
    assert set(playground.__all__) <= set(dir(playground))
    with pytest.raises(AttributeError, match="'playground' has no attribute 'Netwrok'"):
        _ = playground.Netwrok


def test_python_m_playground_is_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "playground", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    for command in ("train", "samples", "export-csv"):
        assert command in done.stdout
