"""Pictures from files, made like those of Fashion-MNIST: 28x28, light on a dark background."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from playground.errors import BadFile
from playground.extras import require

if TYPE_CHECKING:
    from PIL import Image

SIDE = 28
LIGHT = 128  # a border that is lighter on average is a light background


class Picture(NamedTuple):
    """Pixels `(784,)` uint8, and what was done to get them, such as `"resized from 300x200"`."""

    pixels: np.ndarray
    changes: tuple[str, ...]


def read_image(path: str | Path, *, invert: bool | None = None) -> Picture:
    """The picture in a PNG or JPEG file, in grey and 28x28.

    Its longer side becomes 28 pixels; the rest is filled with the colour of the background, which
    is taken from the border. Transparent parts count as white. Dark things on a light background
    are inverted, unless `invert` says otherwise. Raises BadFile if the file is not a picture.
    """
    require("PIL", "playground")
    from PIL import Image, ImageOps

    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                grey = _grey(ImageOps.exif_transpose(image))
    except FileNotFoundError as error:
        raise BadFile(f"{path} cannot be read ({error.strerror}), expected a picture") from None
    except Exception as error:  # a damaged picture can raise anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadFile(f"{path} is not a picture ({reason}), expected a PNG or JPEG file") from None
    changes = []
    background = _background(np.asarray(grey))
    if grey.size != (SIDE, SIDE):
        changes.append(f"resized from {grey.width}x{grey.height}")
        grey = ImageOps.pad(grey, (SIDE, SIDE), Image.Resampling.LANCZOS, color=background)
    pixels = np.asarray(grey).reshape(-1)
    if background > LIGHT if invert is None else invert:
        changes.append("inverted" if invert else "inverted, because its background is light")
        pixels = 255 - pixels
    return Picture(pixels, tuple(changes))


def _grey(image: Image.Image) -> Image.Image:
    """The picture in shades of grey, on white where it is transparent."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):  # 16 or 32 bits: the lightest becomes white
        values = np.asarray(image, np.float64)
        return Image.fromarray(np.uint8(255 * values / max(values.max(), 1)))
    if image.has_transparency_data:
        visible = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", visible.size, "white"), visible)
    return image.convert("L")


def _background(grey: np.ndarray) -> int:
    """The median of the pixels at the border."""
    return int(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
