"""Is this PNG a plot of learning curves: does it decode, is it blank, does it carry a history?"""

from __future__ import annotations

import io
import json
import math
import warnings
from typing import Any

import numpy as np
from PIL import Image

from grader.errors import StudentFault
from utils import History

MAX_PIXELS = 40_000_000  # a plot has 400,000
CURVES = ("train_losses", "val_losses", "train_accuracies", "val_accuracies")


def decode(name: str, content: bytes) -> tuple[Image.Image, list[str]]:
    """The picture on white, and the file's text chunks. Raises StudentFault with `plot-not-png`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow's, of pictures that unpack to gigabytes
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise StudentFault(
                        f"{name} has {image.width} x {image.height} pixels",
                        "a plot",
                        kind="plot-not-png",
                    )
                image.load()
                return _on_white(image), [
                    text for text in image.info.values() if isinstance(text, str)
                ]
    except StudentFault:
        raise
    except Exception as error:  # Pillow may raise anything for a damaged picture
        kind = type(error).__name__
        raise StudentFault(
            f"{name} cannot be decoded ({kind})", "a PNG picture", kind="plot-not-png"
        ) from None


def read_plot(name: str, content: bytes) -> tuple[np.ndarray, dict[str, Any] | None]:
    """The picture in grey, `(height, width)` uint8, and the history that the file carries, or None.

    Raises StudentFault with `plot-not-png` or `plot-blank`.
    """
    picture, chunks = decode(name, content)
    pixels = np.asarray(picture.convert("L"))
    if pixels.min() == pixels.max():
        raise StudentFault(f"{name} is blank", "the learning curves", kind="plot-blank")
    histories = [history for history in map(_history, chunks) if history is not None]
    return pixels, histories[0] if histories else None


def _on_white(image: Image.Image) -> Image.Image:
    """The picture as a browser shows it: transparent pixels are white."""
    layer = image.convert("RGBA")
    if layer.getchannel("A").getextrema() != (255, 255):
        layer = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return layer.convert("RGB")


def _history(text: str) -> dict[str, Any] | None:
    """The history in a text chunk, None unless it has four equally long lists of finite numbers."""
    if len(text) > 1_000_000:
        return None
    try:
        carried = json.loads(text)
        curves = {name: [float(value) for value in carried[name]] for name in CURVES}
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    lengths = {len(values) for values in curves.values()}
    finite = all(math.isfinite(value) for values in curves.values() for value in values)
    return (
        {"script": str(carried.get("script", "")), **curves}
        if len(lengths) == 1 and lengths != {0} and finite
        else None
    )


def check_carried(
    name: str, script: str, carried: dict[str, Any], run: History | None, tolerance: float = 0.1
) -> None:
    """Raises StudentFault `plot-not-from-this-run` for a history of another script or another run.

    `tolerance` is in accuracy at the last epoch, which seeds and devices move by 0.01 or 0.02.
    """
    if carried["script"] not in ("", script):
        raise StudentFault(
            f"{name} was written by {carried['script'][:50]}.py",
            f"{script}.py's",
            kind="plot-not-from-this-run",
        )
    if run is None or not run.val_accuracies or not carried["val_accuracies"]:
        return
    theirs, ours = carried["val_accuracies"][-1], run.val_accuracies[-1]
    if abs(theirs - ours) > tolerance or len(carried["val_accuracies"]) != len(run.val_accuracies):
        raise StudentFault(
            f"{name} ends at {theirs:.1%} validation accuracy after "
            f"{len(carried['val_accuracies'])} epochs; this run of {script}.py ended at {ours:.1%} "
            f"after {len(run.val_accuracies)}. Run the script again and hand in its plot",
            kind="plot-not-from-this-run",
        )


def expect_picture(name: str, pixels: np.ndarray) -> None:
    """Raises StudentFault unless a picture looks like a plot: straight axes, lines on plain ground.

    For plots without a history. It recognises photographs and blank frames, not a wrong plot.
    """
    background = np.bincount(pixels.ravel()).argmax()
    drawn = np.abs(pixels.astype(int) - int(background)) > 40
    across, down = drawn.mean(axis=1), drawn.mean(axis=0)
    has_axes = across.max() > 0.25 and down.max() > 0.25
    inside = drawn[(across < 0.25)][:, down < 0.25]  # without the frame's own lines
    if not has_axes or not inside.size or not 0.002 < inside.mean() < 0.5:
        raise StudentFault(
            f"{name} shows no learning curves",
            "axes and at least two curves",
            kind="plot-not-from-this-run",
        )
