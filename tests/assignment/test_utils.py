"""utils.py: mini-batches, History and its plot, devices; loading the data is in test_data.py."""

import doctest
import json
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import utils
from tests.support import ROOT, run
from utils import History, minibatches


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(utils).failed == 0


@given(n=st.integers(1, 50), batch_size=st.integers(1, 60), seed=st.integers(0, 99))
def test_minibatches_cover_each_image_once(n: int, batch_size: int, seed: int) -> None:
    X = np.arange(n)
    batches = list(minibatches(X, -X, batch_size, np.random.default_rng(seed)))
    assert sorted(np.concatenate([x for x, _ in batches])) == list(X)
    assert all((x == -y).all() for x, y in batches)
    assert all(len(x) == batch_size for x, _ in batches[:-1])


def test_minibatches_of_tensors_are_tensors() -> None:
    (X_batch, y_batch), *_ = minibatches(
        torch.arange(6), torch.arange(6), 4, np.random.default_rng(0)
    )
    assert isinstance(X_batch, torch.Tensor)
    assert torch.equal(X_batch, y_batch)


@pytest.fixture
def history() -> History:
    return History([1.0, 0.5], [1.1, 0.7], [0.6, 0.8], [0.55, 0.75])


def test_plot_carries_its_history_and_shows_both_curves(history: History, tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    figure = utils.plot_history(
        history, path, title="a title", bar=0.7, script="numpy_ann", fingerprint="f"
    )
    with Image.open(path) as image:
        carried = json.loads(image.text["History"])
    about = {"script": "numpy_ann", "fingerprint": "f", "options": {}}
    assert carried == {**about, **vars(history)}
    losses, accuracies = figure.axes
    assert [line.get_label() for line in losses.lines] == ["training", "validation"]
    assert [line.get_label() for line in accuracies.lines] == ["training", "validation", "bar: 70%"]
    assert (losses.get_xlabel(), losses.get_ylabel()) == ("epoch", "loss (nats)")
    assert accuracies.get_ylabel() == "accuracy (%)"
    assert losses.get_legend() is not None


def test_choose_device_refuses_what_is_absent() -> None:
    assert utils.choose_device("cpu") == "cpu"
    with pytest.raises(
        ValueError, match=r"device 'abacus' is not available here, expected auto or one of: .*cpu"
    ):
        utils.choose_device("abacus")


def test_a_plot_follows_a_link_and_keeps_the_mode(history: History, tmp_path: Path) -> None:
    target, link = tmp_path / "target.png", tmp_path / "plot.png"
    target.write_bytes(b"stale")
    target.chmod(0o640)
    link.symlink_to(target)
    utils.plot_history(history, link)
    assert link.is_symlink()
    assert target.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_plot_into_a_pipe_leaves_the_pipe(history: History, tmp_path: Path) -> None:
    pipe, got = tmp_path / "plot.png", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    utils.plot_history(history, pipe)
    reader.join(timeout=10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert got[0].startswith(b"\x89PNG")


def test_utils_works_without_the_folder_assignment(tmp_path: Path) -> None:
    """The sandbox copies utils.py alone."""
    (tmp_path / "utils.py").write_text((ROOT / "utils.py").read_text())
    code = (
        "import sys\n"
        "sys.modules['assignment'] = None  # from here on, importing it fails\n"
        "import numpy as np, utils\n"
        "assert utils.__file__.startswith(sys.argv[1]), utils.__file__\n"
        "history = utils.History()\n"
        "history.record((1.0, 0.5), (1.1, 0.4))\n"
        "history.print_last()\n"
        "y = utils.to_one_hot(np.arange(10))\n"
        "assert len(list(utils.progress(utils.minibatches(y, y, 4)))) == 3\n"
        "assert utils.plot_history(history, 'plot.png', bar=0.8).axes\n"
        "utils.seed_everything(0)\n"
        "print(utils.choose_device('cpu'))\n"
    )
    ran = run("-c", code, tmp_path, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "cpu"
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_utils_is_short() -> None:
    """It is for students to read."""
    assert len((ROOT / "utils.py").read_text().splitlines()) <= 265
