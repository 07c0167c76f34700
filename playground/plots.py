"""Figures. Each function returns a Figure and imports matplotlib only when called."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assignment.files import write_atomically
from playground.history import History
from utils import TRAIN_COLOUR, VAL_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


ENDINGS = [".png", ".svg", ".pdf"]  # of pictures


def image_grid(
    images: np.ndarray, titles: Sequence[str], *, columns: int = 5, title: str = ""
) -> Figure:
    """A grid of the images `(n, 784)`, row by row, each below its title, dark on light."""
    from matplotlib.figure import Figure

    rows = -(-len(images) // columns)
    figure = Figure(figsize=(1.6 * columns, 1.9 * rows + 0.4), layout="constrained")
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.set_axis_off()
    for axes, image, name in zip(figure.axes, images, titles, strict=False):
        axes.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(name, fontsize=10)
    figure.suptitle(title, parse_math=False)  # a path may hold dollar signs
    return figure


def learning_curves(history: History, *, title: str = "") -> Figure:
    """A figure of the losses over the steps (left) and the accuracies over the epochs (right).

    Left: the loss of each step, lightly, its mean over a tenth of an epoch, and the loss on the
    validation images after each epoch. The losses of the steps include dropout and label smoothing.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    draw_step_losses(loss_axes, history)
    epochs = range(1, len(history.train_losses) + 1)
    for curve, colour, marker, label in (
        (history.train_accuracies, TRAIN_COLOUR, "o", "training"),
        (history.val_accuracies, VAL_COLOUR, "s", "validation"),
    ):
        accuracy_axes.plot(
            epochs, 100 * np.array(curve), color=colour, marker=marker, markersize=3, label=label
        )
    accuracy_axes.set(xlabel="epoch", ylabel="accuracy (%)")
    accuracy_axes.xaxis.get_major_locator().set_params(integer=True)
    for axes in (loss_axes, accuracy_axes):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(title, parse_math=False)  # a path may hold dollar signs
    return figure


def write_learning_curves(
    history: History, path: Path | None, source: str, *, smoothed: bool = False
) -> None:
    """Writes the figure of a command's `--plot`, if it was given, and says where it is.

    With label smoothing (`smoothed`) the losses of the steps are higher than the others: the figure
    says so.
    """
    if path is None:
        return
    if not history.train_losses:
        print(f"No learning curves in {path}: the training was stopped in its first epoch")
        return
    figure = learning_curves(history, title=f"{source}: learning curves")
    if smoothed:
        figure.axes[0].set_ylabel("loss (nats); of steps: with label smoothing")
    save(figure, path)
    print(f"Learning curves: {path}")


def draw_step_losses(axes: Axes, history: History) -> None:
    """Draws the losses of the steps, their mean and the validation losses over the steps."""
    losses = np.array(history.step_losses)
    steps = np.arange(1, len(losses) + 1)
    in_epoch = len(losses) // len(history.train_losses)
    window = max(1, in_epoch // 10)
    axes.plot(steps, losses, color=TRAIN_COLOUR, alpha=0.25, linewidth=0.5, label="each step")
    axes.plot(
        steps[window - 1 :],
        moving_mean(losses, window),
        color=TRAIN_COLOUR,
        label=f"mean of {window} steps",
    )
    axes.plot(
        in_epoch * np.arange(1, len(history.val_losses) + 1),
        history.val_losses,
        color=VAL_COLOUR,
        marker="s",
        markersize=3,
        label="validation",
    )
    # single steps may be far above: the axis shows the means
    highest = max(moving_mean(losses, window).max(), np.nanmax([0, *history.val_losses]))
    axes.set(xlabel=f"step ({in_epoch:,} per epoch)", ylabel="loss (nats)", ylim=(0, 1.1 * highest))


def moving_mean(values: np.ndarray, window: int) -> np.ndarray:
    """The mean of each `window` consecutive values `(n,)`: `(n - window + 1,)`.

    >>> moving_mean(np.array([1.0, 2.0, 3.0, 6.0]), 2)
    array([1.5, 2.5, 4.5])
    """
    sums = np.cumsum(np.concatenate([[0.0], values]))
    means: np.ndarray = (sums[window:] - sums[:-window]) / window
    return means


def save(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Writes the figure atomically, in the format of the file's ending. Raises OSError."""
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix[1:], dpi=dpi)
    write_atomically(path, content.getvalue())


def small_png(figure: Figure) -> bytes:
    """The figure as a PNG with at most 128 colours: a third of the size, and deterministic.

    128 colours suffice for curves and grey images. They cover all colours that occur: the usual
    choice, by the number of pixels, would turn the few orange points among many blue ones brown.
    """
    from PIL import Image  # a dependency of matplotlib

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    Image.open(drawn).convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE).save(
        small, "PNG", optimize=True
    )
    return small.getvalue()
