"""Helpers for the three scripts. Read it if you like; there is nothing to edit here.

In running order: data, mini-batches, `History` and its plot, device and seed, progress, the run
that the scripts share, and the command line (`python utils.py --checklist`). Loading the data,
running a script and the command line need `assignment/`; everything else works without it.
Importing this file needs only NumPy; torch, matplotlib and tqdm are imported where they are used.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

with contextlib.suppress(ImportError):  # this file alone has Python's own tracebacks
    # Ctrl-C ends in one line, also while NumPy and torch are loading
    importlib.import_module("assignment.ending").install()

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASS_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


class Splits(NamedTuple):
    """Images X, float32 in [0, 1], and targets y, of the training, validation and test images.

    X is `(n, 784)` or `(n, 1, 28, 28)`; y is int64 `(n,)`, or one-hot float32 `(n, 10)`.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_fashion_mnist(
    data_dir: str | Path | None = None,
    *,
    train_size: int | None = None,
    validation_size: int = 6000,
    seed: int = 0,
    one_hot: bool = False,
    flat: bool = True,
    dataset: str = "FashionMNIST",
) -> Splits:
    """Training, validation and test arrays of Fashion-MNIST: 54,000 / 6,000 / 10,000 by default.

    The 60,000 training images are shuffled by `seed`. The first `validation_size` of them are for
    validation, the next `train_size` (the rest if None) for training. The 10,000 test images keep
    their order. `flat` gives rows `(n, 784)`, else images `(n, 1, 28, 28)`; `one_hot` gives targets
    `(n, 10)` float32, else labels `(n,)` int64. `data_dir` is the folder that holds
    `FashionMNIST/raw`; the default is the environment variable FASHION_MNIST_DATA, or `data/`
    beside this file.

    Raises DataError if a file is missing or damaged, ValueError if the sizes do not fit.
    Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST", arXiv:1708.07747.
    """
    from assignment.data import IDX_FILES, read_idx, scale_images

    if not 0 <= validation_size < 60000:
        raise ValueError(f"validation_size is {validation_size}, expected 0 to 59999")
    rest = 60000 - validation_size
    train_size = rest if train_size is None else train_size
    if not 1 <= train_size <= rest:
        raise ValueError(
            f"train_size is {train_size}, expected 1 to {rest}: 60000 minus {validation_size}"
            " for validation"
        )
    images, labels, test_images, test_labels = (
        read_idx(file, data_dir, dataset) for file in IDX_FILES[dataset]
    )
    order = np.random.default_rng(seed).permutation(60000)
    validation = order[:validation_size]
    training = order[validation_size : validation_size + train_size]
    arrays: list[np.ndarray] = []
    for source, targets, index in (
        (images, labels, training),
        (images, labels, validation),
        (test_images, test_labels, np.arange(10000)),
    ):
        X = scale_images(source, index)
        y = targets[index].astype(np.int64)
        arrays += [X if flat else X.reshape(-1, 1, 28, 28), to_one_hot(y) if one_hot else y]
    return Splits(*arrays)


def to_one_hot(y: np.ndarray, classes: int = 10) -> np.ndarray:
    """Labels `(n,)` as one-hot rows `(n, classes)`, float32.

    >>> to_one_hot(np.array([1, 0]), classes=3)
    array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """
    one_hot: np.ndarray = np.eye(classes, dtype=np.float32)[y]
    return one_hot


def minibatches(
    X: Any, targets: Any, batch_size: int, rng: np.random.Generator | None = None
) -> Iterator[tuple[Any, Any]]:
    """Pairs `(X_batch, target_batch)` that cover the data once, shuffled if `rng` is given.

    The last batch may be smaller. Works on NumPy arrays and on torch tensors.
    """
    order = np.arange(len(X)) if rng is None else rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        index = order[start : start + batch_size]
        yield X[index], targets[index]


@dataclass
class History:
    """Learning curves: four lists, one entry per epoch; losses in nats, accuracies in [0, 1]."""

    train_losses: list[float] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    train_accuracies: list[float] = field(default_factory=list)
    val_accuracies: list[float] = field(default_factory=list)

    def record(self, train: tuple[float, float], val: tuple[float, float]) -> None:
        """Add one epoch, given its `(loss, accuracy)` on training and on validation images."""
        self.train_losses.append(float(train[0]))
        self.train_accuracies.append(float(train[1]))
        self.val_losses.append(float(val[0]))
        self.val_accuracies.append(float(val[1]))

    def print_last(self) -> None:
        """Print the newest epoch as a row of the epoch table; the first row follows the header."""
        epoch = len(self.train_losses)
        if epoch == 1:
            print("epoch   train loss   val loss   train acc   val acc")
        print(
            f"{epoch:5d}   {self.train_losses[-1]:10.4f}   {self.val_losses[-1]:8.4f}"
            f"   {self.train_accuracies[-1]:8.2%}   {self.val_accuracies[-1]:7.2%}",
            flush=True,
        )


TRAIN_COLOUR, VAL_COLOUR = "#1f77b4", "#d95f02"  # also distinct in grey, and for the colour-blind


def plot_history(
    history: History,
    path: str | Path | None = None,
    *,
    title: str = "",
    bar: float | None = None,
    script: str = "",
    fingerprint: str = "",
    options: dict[str, Any] | None = None,
) -> Figure:
    """A figure of the losses (left) and accuracies (right) on training and validation images.

    `bar`, an accuracy in [0, 1], is drawn as a dashed line. With a `path`, the figure is written
    there as PNG, with the JSON object `{"script": …, "fingerprint": …, "options": {…},
    "train_losses": […], …}` in the text chunk "History"; `options` are those of a quick try.
    """
    # without pyplot: no window, no global state, half the import time
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    epochs = np.arange(1, len(history.train_losses) + 1)
    for axes, train, val, label in (
        (loss_axes, history.train_losses, history.val_losses, "loss (nats)"),
        (
            accuracy_axes,
            100 * np.array(history.train_accuracies),
            100 * np.array(history.val_accuracies),
            "accuracy (%)",
        ),
    ):
        axes.plot(epochs, train, color=TRAIN_COLOUR, marker="o", markersize=3, label="training")
        axes.plot(epochs, val, color=VAL_COLOUR, marker="s", markersize=3, label="validation")
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    if bar is not None:
        accuracy_axes.axhline(100 * bar, color="grey", linestyle="--", label=f"bar: {bar:.0%}")
    loss_axes.legend()
    accuracy_axes.legend()
    figure.suptitle(title)
    if path is not None:
        about = {"script": script, "fingerprint": fingerprint, "options": options or {}}
        text = json.dumps(about | asdict(history))
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=100, metadata={"History": text})
        Path(path).write_bytes(png.getvalue())  # follows a link, and can write to a pipe
    return figure


def choose_device(name: str = "auto") -> str:
    """`"cuda"`, `"mps"` or `"cpu"`: the fastest that torch finds here, or the one named.

    Raises ValueError if the one named is not available.
    """
    import torch

    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return next(device for device, found in available.items() if found)
    if not available.get(name):
        choices = ", ".join(device for device, found in available.items() if found)
        raise ValueError(
            f"device {name!r} is not available here, expected auto or one of: {choices}"
        )
    return name


def seed_everything(seed: int) -> np.random.Generator:
    """A NumPy generator with this seed; seeds torch too if it is loaded."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    return np.random.default_rng(seed)


def progress(
    items: Iterable[Any], *, description: str = "", total: int | None = None
) -> Iterable[Any]:
    """The items, with a progress bar in a terminal or notebook, if tqdm is installed."""
    notebook = hasattr(sys.modules.get("__main__"), "get_ipython")
    if notebook or (sys.stderr and sys.stderr.isatty()):
        with contextlib.suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without ipywidgets, a notebook's bar is of text
            tqdm = importlib.import_module("tqdm.auto" if notebook else "tqdm").tqdm
            items = tqdm(items, desc=description, total=total, leave=False)
    return items


def run_part(name: str, module: ModuleType, arguments: list[str] | None = None) -> int:
    """The exit status of a script, after checking its sections, training, testing and plotting."""
    from assignment import run

    return run.run_part(name, module, arguments)


def main(arguments: list[str] | None = None) -> int:
    """The exit status of the command line: submission checklist and download of the data."""
    from assignment import command_line

    return command_line.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
