"""Files that might be submitted as a plot: learning curves and other things."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

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
LARGE_NOISE = np.random.default_rng(0).integers(255, size=(400, 1000, 3), dtype=np.uint8)
GRADIENT = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (200, 1))

HISTORY = (
    '{"script": "pytorch_ann", "train_losses": [0.5], "val_losses": [0.5],'
    ' "train_accuracies": [0.5], "val_accuracies": [0.5]}'
)


def carrying(picture: np.ndarray | bytes, key: str, text: str) -> bytes:
    """A picture as the bytes of a PNG file with a text chunk."""
    info = PngInfo()
    info.add_text(key, text)
    content = picture if isinstance(picture, bytes) else encoded(picture)
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


PICTURES: dict[str, Callable[[], bytes]] = {
    "text": lambda: b"my plot is in the other folder",
    "truncated": lambda: encoded(NOISE)[:200],
    "jpeg": lambda: encoded(NOISE, "JPEG"),
    "huge": lambda: encoded(np.zeros((9000, 9000), np.uint8)),
    "white": lambda: encoded(np.full((50, 50, 3), 255, np.uint8)),
    "transparent": lambda: encoded(np.zeros((50, 50, 4), np.uint8)),
    "photograph": lambda: encoded(GRADIENT),
    "of_numpy_ann": lambda: plot("numpy_ann"),
    "noise": lambda: encoded(LARGE_NOISE),
    "noise_with_history": lambda: carrying(LARGE_NOISE, "History", HISTORY),
    "small": lambda: encoded(np.asarray(Image.open(io.BytesIO(plot())).resize((190, 76)))),
    "small_with_history": lambda: carrying(NOISE, "History", HISTORY),
    "no_epoch": lambda: carrying(LARGE_NOISE, "History", HISTORY.replace("[0.5]", "[]")),
    "cut_off": lambda: carrying(LARGE_NOISE, "History", HISTORY[:40]),
}
