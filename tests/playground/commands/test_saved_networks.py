"""`python -m playground predict` and `evaluate`, as they are used, with both kinds of network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from playground import saved_networks, storage
from playground.__main__ import main
from playground.configuration import Configuration
from playground.convnets import storage as convnet_storage
from playground.convnets.evaluation import evaluate
from playground.convnets.networks import build
from playground.csv_files import write_csv
from playground.datasets import Dataset, load
from playground.network import Network
from playground.training import train
from tests.playground.convnets.support import QUICK


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both kinds of network, a picture and 200 test images in a folder."""
    path, dataset = tmp_path_factory.mktemp("saved"), load("fashion-mnist")
    storage.save(Network(784, 10, Configuration(hidden_sizes=(4,))), path / "net.npz")
    storage.save(Network(784, 3, Configuration(hidden_sizes=(4,))), path / "three.npz")
    storage.save(Network(784, 12, Configuration(hidden_sizes=(4,))), path / "twelve.npz")
    many_steps = Configuration(hidden_sizes=(4,), epochs=1, batch_size=1)
    training = dataset.X_train[:6000], dataset.y_train[:6000]
    train(Network(784, 10, many_steps), *training, checkpoint=path / "run.npz")
    convnet_storage.save(build(QUICK, 0), QUICK, path / "net.pt")
    Image.fromarray(255 - dataset.X_test[0].reshape(28, 28)).save(path / "boot.png")
    write_csv(path / "test.csv", dataset.X_test[:200], dataset.y_test[:200])
    (path / "text.npz").write_text("junk")
    return path


def some(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    return dataset.X_test[:200], dataset.y_test[:200]


@pytest.mark.parametrize("name", ["net.npz", "net.pt"])
def test_evaluate_prints_the_accuracy_of_the_network_and_of_each_class(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(folder / "test.csv")] * 2
    assert main(["evaluate", str(folder / name), "--csv", *files, "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    X, y = some(load("fashion-mnist"))
    if name == "net.npz":
        loss, accuracy = storage.load(folder / name).evaluate(X, y)
    else:
        loss, accuracy = evaluate(*convnet_storage.load(folder / name), X, y, "cpu")
    assert f"Test accuracy {accuracy:.2%}, loss {loss:.4f} on 200 images" in out
    correct = saved_networks.load(folder / name, "cpu").predict(X[y == 9]) == 9
    (boots,) = (line for line in out.splitlines() if line.startswith("Ankle boot"))
    assert boots.split()[2:4] == [str(len(correct)), f"{correct.mean():.2%}"]


@pytest.mark.parametrize("name", ["net.npz", "net.pt"])
def test_predict_names_the_likeliest_classes_and_what_was_done_to_the_picture(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(folder / name), str(folder / "boot.png"), "--device", "cpu"]) == 0
    dataset = load("fashion-mnist")
    network = saved_networks.load(folder / name, "cpu")
    (row,) = network.probabilities(dataset.X_test[:1])
    assert row.sum() == pytest.approx(1, abs=1e-6)
    best = int(network.predict(dataset.X_test[:1])[0])
    first = f"{folder / 'boot.png'}: {dataset.class_names[best]} {row[best]:.1%}, "
    out = capsys.readouterr().out
    assert out.startswith(first)
    assert out.endswith("(inverted, because its background is light)\n")


@pytest.mark.parametrize(("arguments", "message"), [
    (["evaluate", "none.npz"], "none.npz cannot be read (No such file or directory)"),
    (["evaluate", "text.npz"], "text.npz is not a saved network (File is not a zip file)"),
    (["evaluate", "net.pt", "--device", "tpu"], "device 'tpu' is not available here"),
    (["inspect", "net.pt"], "net.pt cannot be loaded: it is a convolutional network, from train-cnn"),
    (["evaluate", "three.npz"], "has 3 classes, expected the 10 of fashion-mnist"),
    (["evaluate", "twelve.npz"], "has 12 classes, expected the 10 of fashion-mnist"),
    (["evaluate", "run.npz"], "run.npz cannot be loaded: it is a NumPy network in training"),
    (["predict", "net.npz", "text.npz"], "text.npz is not a picture"),
    (["predict", "three.npz", "boot.png"], "has 3 classes, expected the 10 of fashion-mnist"),
    (["predict", "net.npz"], "the following arguments are required: IMAGE"),
    (["predict", "net.npz", "boot.png", "--dataset", "minst"], "did you mean 'mnist'?"),
], ids=range(11))  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str],
    message: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
