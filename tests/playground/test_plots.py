"""The figure of the learning curves shows what was recorded."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from playground import plots
from playground.__main__ import main
from playground.command_line import check_writable
from playground.history import History
from playground.plots import learning_curves, write_learning_curves


def test_losses_of_steps_and_of_validation_share_one_axis() -> None:
    history = History([1.0, 0.5], [0.9, 0.6], [0.7, 0.8], [0.6, 0.7])
    history.step_losses = [float(loss) for loss in np.linspace(2, 0.1, 60)]
    losses, accuracies = learning_curves(history).axes
    every, mean, validation = losses.lines
    assert every.get_ydata().tolist() == history.step_losses
    # 30 steps per epoch: means of 3
    assert mean.get_xdata()[0] == 3
    assert mean.get_ydata()[0] == pytest.approx(np.mean(history.step_losses[:3]))
    assert validation.get_xdata().tolist() == [30, 60]
    assert validation.get_ydata().tolist() == [0.9, 0.6]
    assert losses.get_xlabel() == "step (30 per epoch)"
    assert accuracies.lines[1].get_ydata().tolist() == [60.0, 70.0]


def test_without_validation_images_the_training_curves_remain() -> None:
    history = History([1.0], [math.nan], [0.7], [math.nan], step_losses=[2.0, 1.0])
    low, high = learning_curves(history).axes[0].get_ylim()
    assert low == 0 < high < 3


def test_a_training_stopped_in_its_first_epoch_has_no_curves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_learning_curves(History(step_losses=[2.3, 2.2]), tmp_path / "curves.png", "mnist")
    assert list(tmp_path.iterdir()) == []
    assert "stopped in its first epoch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "start"), [("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a.PNG", b"\x89PNG")]
)
def test_learning_curves_can_be_drawn_in_each_format(
    name: str, start: bytes, tmp_path: Path
) -> None:
    check_writable(tmp_path / name, plots.ENDINGS)
    history = History([2.0, 1.0], [2.0, 1.5], [0.3, 0.6], [0.3, 0.5], [3.0, 2.0, 1.0, 0.5])
    write_learning_curves(history, tmp_path / name, "mnist")
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize("smoothed", [True, False])
def test_curves_say_when_the_losses_of_steps_are_with_label_smoothing(
    smoothed: bool, tmp_path: Path
) -> None:
    history = History([1.0], [0.9], [0.7], [0.6], step_losses=[2.0, 1.0])
    write_learning_curves(history, tmp_path / "a.svg", "mnist", smoothed=smoothed)
    assert ("with label smoothing" in (tmp_path / "a.svg").read_text()) == smoothed


@pytest.mark.parametrize("command", [
    "samples --output old.png",
    "landscape --train-size 200 --validation-size 50 --epochs 1 --hidden-sizes 4 --grid 3 --out old.png",
])  # fmt: skip
def test_an_interrupted_picture_leaves_the_old_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(figure: Figure, target: Any, **settings: Any) -> None:
        target.write(b"half") if hasattr(target, "write") else Path(target).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    Path("old.png").write_bytes(b"old")
    monkeypatch.setattr(Figure, "savefig", interrupted)
    assert main(command.split()) == 2
    assert Path("old.png").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
