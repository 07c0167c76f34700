"""Figures. Each function returns a Figure and imports matplotlib only when called."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    figure.suptitle(title)
    return figure


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
