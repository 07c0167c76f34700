"""`python -m playground train-cnn`, as it is used: exit status, printed lines, files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from playground.__main__ import main
from playground.convnets.evaluation import evaluate
from playground.convnets.storage import load
from playground.datasets import load as load_dataset
from tests.support import run as run_python

SMALL = [
    "train-cnn", "--width", "8", "--epochs", "2", "--batch-size", "64",
    "--train-size", "300", "--validation-size", "100",
]  # fmt: skip


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_it_prints_its_curve_and_the_test_accuracy_once_and_writes_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "network.pt"
    files = ["--save", str(path), "--plot", str(tmp_path / "curves.png")]
    status, out, err = run([*SMALL, "--precision", "float32", "--device", "cpu", *files], capsys)
    assert (status, err) == (0, "")
    assert out.startswith("fast: ")
    assert "300 images; cpu in float32\nepoch " in out
    assert out.count("Test accuracy") == 1
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    model, configuration = load(path)
    dataset = load_dataset("fashion-mnist")
    _, accuracy = evaluate(model, configuration, dataset.X_test, dataset.y_test, "cpu")
    assert f"Test accuracy {accuracy:.2%} on 10,000 images" in out


def test_options_change_the_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "network.pt"
    options = [
        "--recipe",
        "fast-short",
        "--no-flips",
        "--learning-rate",
        "0.004",
        "--save",
        str(path),
    ]
    assert run([*SMALL, *options], capsys)[0] == 0
    _, configuration = load(path)
    assert (configuration.network, configuration.width) == ("fast", 8)
    assert (configuration.flips, configuration.learning_rate) == (False, 0.004)


def test_the_test_images_can_be_left_for_later_and_the_curves_sent_to_a_tracker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(
        [*SMALL, "--no-test", "--tracker", "csv", "--log-dir", str(tmp_path)], capsys
    )
    assert status == 0
    assert "Test accuracy" not in out
    assert any("val_accuracy" in path.read_text() for path in tmp_path.rglob("*.csv"))


def test_a_checkpoint_is_resumed_only_when_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, saved = tmp_path / "run.pt", [tmp_path / "one.pt", tmp_path / "two.pt"]
    command = [*SMALL, "--checkpoint", str(path)]
    assert run([*command, "--save", str(saved[0])], capsys)[0] == 0
    status, _, err = run(command, capsys)
    assert (status, err) == (
        2,
        f"error: {path} already exists: add --resume to resume it, or remove it\n",
    )
    assert run([*command, "--resume", "--save", str(saved[1])], capsys)[0] == 0
    one, two = (load(path)[0].state_dict() for path in saved)
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(("arguments", "message"), [
    (["--recipe", "fats"], "unknown recipe 'fats', did you mean 'fast'?"),
    (["--network", "v4"], "unknown network 'v4'"),
    (["--precision", "float23"], "unknown precision 'float23', did you mean 'float32'?"),
    (["--device", "tpu"], "device 'tpu' is not available here, expected auto or one of:"),
    (["--width", "300000"], "width is 300000, expected an integer from 1 to 1000"),
    (["--width", "900", "--depth", "2"], "parameters, expected at most 67,108,864"),
    (["--seed", "9" * 26], "is out of range, expected 0 to 9223372036854775807"),
    (["--epochs", "0"], "epochs is 0, expected an integer of at least 1"),
    (["--save", "network.npz"], "expected a name that ends in .pt"),
    (["--plot", "nowhere/curves.png"], "nowhere/curves.png cannot be written"),
    (["--resume"], "--resume needs --checkpoint FILE"),
    (["--checkpoint", "run.pt", "--resume"], "run.pt cannot be read (No such file or directory)"),
    (["--checkpoint", "run.pt", "--save", "run.pt"], "cannot be both"),
    (["--validation-size", "0", "--patience", "1"], "patience needs validation images"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = run([*SMALL, *arguments], capsys)
    assert status == 2
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.\nSee PyTorch."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
], ids=lambda error: type(error).__name__)  # fmt: skip
def test_too_little_memory_is_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def too_large(*arguments: object, **settings: object) -> None:
        raise error

    monkeypatch.setattr("playground.convnets.training.train_convnet", too_large)
    status, _, err = run(SMALL, capsys)
    assert status == 2
    assert err.endswith("; try a smaller network\n")
    assert "allocate" in err or err.startswith("error: out of memory;")
    assert err.count("\n") == 1


def test_another_error_of_torch_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **settings: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr("playground.convnets.training.train_convnet", broken)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        main(SMALL)


def test_help_explains_every_option_without_torch() -> None:
    done = run_python("-X", "importtime", "-m", "playground", "train-cnn", "--help")
    assert done.returncode == 0
    for option in (
        "--recipe",
        "--precision",
        "--cutout",
        "--checkpoint",
        "--resume",
        "--device",
        "--save",
    ):
        assert option in done.stdout
    assert " torch\n" not in done.stderr
    assert "playground.commands.tracking_options" in done.stderr


def test_csv_files_train_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from playground.csv_files import write_csv

    dataset = load_dataset("mnist")
    for name in ("train", "test"):
        write_csv(tmp_path / f"{name}.csv", dataset.X_train[:100], dataset.y_train[:100])
    files = ["--csv", str(tmp_path / "train.csv"), str(tmp_path / "test.csv")]
    status, out, _ = run(
        ["train-cnn", "--width", "8", "--epochs", "1", "--dataset", "mnist", *files], capsys
    )
    assert status == 0
    assert "on 100 images" in out
