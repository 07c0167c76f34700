"""`python -m playground inspect`: what it writes, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import utils
from playground.__main__ import main
from playground.commands.inspect import OUTPUTS, inspected
from playground.configuration import Configuration
from playground.errors import PlaygroundError
from playground.layers import Layer, Linear, ReLU, Sigmoid
from playground.losses import LOSSES
from playground.network import Network
from playground.storage import save


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_the_page_shows_what_the_network_predicts(loss: str, activation: str) -> None:
    settings = Configuration(
        hidden_sizes=(12, 8), loss=loss, activation=activation, flips=True, dropout=0.5
    )
    network = Network(784, 10, settings, dtype=np.float64)
    network.parameters[...] = network.parameters.astype(np.float32)
    X = np.random.default_rng(0).random((20, 784))
    shown = inspected(network, "", utils.CLASS_NAMES)
    np.testing.assert_allclose(shown.probabilities(X), network.probabilities(X), atol=1e-12)


def test_every_loss_has_its_probabilities() -> None:
    assert OUTPUTS.keys() == LOSSES.keys()


@pytest.mark.parametrize("layers", [
    [Linear(784, 12), Linear(12, 10)],
    [Linear(784, 10), Sigmoid()],
    [ReLU(), Linear(784, 10)],
], ids=repr)  # fmt: skip
def test_layers_that_the_page_would_get_wrong_are_refused(layers: list[Layer]) -> None:
    with pytest.raises(PlaygroundError, match="cannot be shown: expected "):
        inspected(Network(layers), "", utils.CLASS_NAMES)


def test_command_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(Network(784, 10, Configuration(hidden_sizes=(4,))), tmp_path / "net.npz")
    out = tmp_path / "page.html"
    assert main(["inspect", str(tmp_path / "net.npz"), "--out", str(out)]) == 0
    assert "<h1>net: 784-4-10</h1>" in out.read_text("utf-8")
    assert f"Page: {out}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.npz"], "missing.npz cannot be read"),
        (["small.npz"], "cannot be shown: layer 1 has 4 inputs, expected 784"),
        (["text.npz"], "is not a saved network"),
        (["small.npz", "--out", "page.pdf"], "page.pdf cannot be written"),
        (["small.npz", "--dataset", "cifar"], "cifar"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Network(4, 10, Configuration(hidden_sizes=(3,))), Path("small.npz"))
    Path("text.npz").write_text("hello")
    assert main(["inspect", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not Path("network.html").exists()
