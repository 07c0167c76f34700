"""Is this PNG a plot of learning curves: does it decode, is it blank, does it carry a history?"""

from __future__ import annotations

import io
import json
import math
import struct
import warnings
from typing import Any

import numpy as np
from PIL import Image

from grader.errors import StudentFault
from utils import History

MAX_PIXELS = 24_000_000  # a plot has 400,000, and 22 million at 600 dots per inch
LARGE = 2_000_000  # pixels; what is larger is looked at in a smaller copy
MAX_CHUNKS = 10_000  # of the file; 20 MB have 2,500
MAX_TEXTS = 20  # of them with text, of up to a megabyte each; matplotlib writes two
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
SMALLEST = (200, 150)  # pixels, width and height
MAX_HISTORY = 1_000_000  # characters; a thousand epochs take 80,000
# Of 150 plots, screenshots and re-saved plots in all styles, the most extreme value is in brackets.
SHARP = 10  # difference of neighbouring pixels at an edge
LONG = 0.18  # of the width or height is an edge, at an axis or the grid; without axes, the legend (0.2)
BUSY = 0.2  # of the pixels are edges, in half of all rows or columns: noise (0.16)
LINE = 3  # pixels; half of a thick frame
# the 4 commonest colours cover 0.84 of a plot between its axes, and 0.3 of a photograph
GROUNDS, COVERED = 4, 0.72
DRAWN = 0.001  # of the pixels between the axes (0.01); empty axes have none
CURVES = ("train_losses", "val_losses", "train_accuracies", "val_accuracies")


def decode(name: str, content: bytes) -> tuple[Image.Image, dict[str, str]]:
    """The picture on white, and the file's text chunks. A very large picture is made smaller.

    Raises StudentFault with `plot-not-png`, or `plot-not-from-this-run` for too many text chunks.
    """
    _expect_few_chunks(name, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow's, of pictures that unpack to gigabytes
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise StudentFault(
                        f"{name} has {image.width} x {image.height} pixels",
                        f"a plot of at most {MAX_PIXELS // 10**6} million",
                        kind="plot-not-png",
                    )
                image.load()
                chunks = {**image.info, **getattr(image, "text", {})}
                return _on_white(image), {
                    str(key): text for key, text in chunks.items() if isinstance(text, str)
                }
    except StudentFault:
        raise
    except Exception as error:  # Pillow may raise anything for a damaged picture
        kind = type(error).__name__
        raise StudentFault(
            f"{name} cannot be decoded ({kind})", "a PNG picture", kind="plot-not-png"
        ) from None


def _expect_few_chunks(name: str, content: bytes) -> None:
    """Raises StudentFault for more chunks than a picture has. Pillow reads all before the pixels."""
    at, count, texts = 8, 0, 0  # after the signature
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">L4s", content, at)
        at += 12 + size
        count += 1
        texts += kind in TEXTS
        if texts > MAX_TEXTS:
            raise StudentFault(
                f"{name} carries more than {MAX_TEXTS} texts",
                "the file as the script wrote it",
                kind="plot-not-from-this-run",
            )
        if count > MAX_CHUNKS:
            raise StudentFault(
                f"{name} has more than {MAX_CHUNKS:,} parts", "a PNG picture", kind="plot-not-png"
            )


def read_plot(name: str, content: bytes) -> tuple[np.ndarray, dict[str, Any] | None]:
    """The picture, `(height, width, 3)` uint8, and the history that the file carries, or None.

    Raises StudentFault with `plot-not-png`, `plot-blank` or, for a picture that is too small or
    carries a broken history, `plot-not-from-this-run`.
    """
    picture, chunks = decode(name, content)
    pixels = np.asarray(picture)
    if (pixels.reshape(-1, 3) == pixels[0, 0]).all():
        raise StudentFault(f"{name} is blank", "the learning curves", kind="plot-blank")
    if picture.width < SMALLEST[0] or picture.height < SMALLEST[1]:
        raise StudentFault(
            f"{name} has {picture.width} x {picture.height} pixels",
            f"a plot of at least {SMALLEST[0]} x {SMALLEST[1]}",
            kind="plot-not-from-this-run",
        )
    histories = [_history(name, text) for key, text in chunks.items() if _claims(key, text)]
    return pixels, histories[0] if histories else None


def _on_white(image: Image.Image) -> Image.Image:
    """The picture as a browser shows it: transparent pixels are white."""
    layer = image if image.mode == "RGBA" else image.convert("RGBA")
    layer = layer.reduce(max(1, round((layer.width * layer.height / LARGE) ** 0.5)))
    if layer.getchannel("A").getextrema() != (255, 255):
        layer = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return layer.convert("RGB")


def _claims(key: str, text: str) -> bool:
    """Whether a text chunk says that it is a history: by its key, or by what is in it."""
    return key.lower() == "history" or (
        text.lstrip()[:1] == "{" and any(f'"{curve}"' in text for curve in CURVES)
    )


def _history(name: str, text: str) -> dict[str, Any]:
    """The history in a text chunk.

    Raises StudentFault unless it has four equally long lists of finite numbers.
    """
    try:
        carried = json.loads(text[:MAX_HISTORY])
        curves = {curve: [_number(value) for value in carried[curve]] for curve in CURVES}
        script = str(carried.get("script", ""))
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise _broken(name, f"cannot be read ({type(error).__name__})") from None
    lengths = {len(values) for values in curves.values()}
    if len(lengths) > 1:
        raise _broken(name, "has lists of different lengths")
    if lengths == {0}:
        raise _broken(name, "has no epoch")
    if not all(math.isfinite(value) for values in curves.values() for value in values):
        raise _broken(name, "has values that are no numbers, as when training diverges")
    return {"script": script, **curves}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("not a number")
    return float(value)


def _broken(name: str, why: str) -> StudentFault:
    return StudentFault(
        f"the history that {name} carries {why}",
        "the file as the script wrote it",
        kind="plot-not-from-this-run",
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
    """Raises StudentFault unless a picture looks like a plot.

    A plot has long straight edges across and down, of axes, a grid or a coloured ground. Between
    them lie few colours, and something is drawn. Noise has edges everywhere, a photograph many
    colours, a gradient no edges, and in empty axes nothing is drawn. A wrong plot is not recognised.
    """
    across, down = _edges(pixels)
    is_drawn = min(across.max(), down.max()) >= LONG
    is_noise = max(np.median(across), np.median(down)) > BUSY
    if not is_drawn or is_noise:
        raise _no_plot(name)
    inside = pixels[_between(across), _between(down)]
    colours = (inside >> 4).reshape(-1, 3).astype(np.int32) @ (256, 16, 1)
    shares = np.sort(np.bincount(colours))[::-1] / len(colours)
    if shares[:GROUNDS].sum() < COVERED or 1 - shares[0] < DRAWN:
        raise _no_plot(name)


def _edges(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of each row, and of each column, that is a sharp edge, if blurred to two pixels."""
    values = pixels.astype(np.int16)
    below = np.abs(values[2:] - values[:-2]).max(axis=2)
    beside = np.abs(values[:, 2:] - values[:, :-2]).max(axis=2)
    return (below > SHARP).mean(axis=1), (beside > SHARP).mean(axis=0)


def _between(edges: np.ndarray) -> slice:
    """What lies between the outermost long edges, without their own lines."""
    long = np.flatnonzero(edges >= LONG)
    first, last = int(long[0]) + 1 + LINE, int(long[-1]) + 1 - LINE
    return slice(first, last) if last > first else slice(None)


def _no_plot(name: str) -> StudentFault:
    return StudentFault(
        f"{name} shows no learning curves",
        "axes and at least two curves",
        kind="plot-not-from-this-run",
    )
