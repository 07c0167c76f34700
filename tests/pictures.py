"""Files that might be submitted as a plot: learning curves and other things."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import utils


def encoded(picture: np.ndarray, kind: str = "PNG") -> bytes:
    """A picture as the bytes of a file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind)
    return stream.getvalue()


def plot(script: str = "pytorch_ann", last: float = 0.8) -> bytes:
    """What a script writes after two epochs, the last of them with this validation accuracy."""
    history = utils.History([1.0, 0.5], [1.1, 0.6], [0.7, 0.9], [0.7, last])
    with tempfile.TemporaryDirectory() as folder:
        utils.plot_history(history, Path(folder, "plot.png"), script=script)
        return Path(folder, "plot.png").read_bytes()


NOISE = np.random.default_rng(0).integers(255, size=(40, 40, 3), dtype=np.uint8)
GRADIENT = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (200, 1))

PICTURES: dict[str, Callable[[], bytes]] = {
    "text": lambda: b"my plot is in the other folder",
    "truncated": lambda: encoded(NOISE)[:200],
    "jpeg": lambda: encoded(NOISE, "JPEG"),
    "huge": lambda: encoded(np.zeros((9000, 9000), np.uint8)),
    "white": lambda: encoded(np.full((50, 50, 3), 255, np.uint8)),
    "transparent": lambda: encoded(np.zeros((50, 50, 4), np.uint8)),
    "photograph": lambda: encoded(GRADIENT),
    "of_numpy_ann": lambda: plot("numpy_ann"),
}
