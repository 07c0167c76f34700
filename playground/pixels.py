"""Images as rows of pixels: scaled, mirrored, shifted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from playground.errors import PlaygroundError


def as_numbers(X: np.ndarray, dtype: np.dtype[Any], out: np.ndarray | None = None) -> np.ndarray:
    """`X` as `dtype`; uint8 pixels are divided by 255 (into `out` if given).

    >>> as_numbers(np.array([0, 51, 255], np.uint8), np.dtype(np.float64))
    array([0. , 0.2, 1. ])
    """
    if X.dtype == np.uint8:
        scaled: np.ndarray = np.empty(X.shape, dtype) if out is None else out
        scaled[...] = X
        scaled *= 1 / 255  # twice as fast as a division
        return scaled
    return X.astype(dtype, copy=False)


def mirror_images(X: np.ndarray) -> np.ndarray:
    """The rows `(n, d)`, each read as a square image and mirrored left to right.

    Raises PlaygroundError if d is not a square number.

    >>> mirror_images(np.array([[1, 2, 3, 4]]))
    array([[2, 1, 4, 3]])
    """
    return _squares(X, "flips")[:, :, ::-1].reshape(X.shape)


def image_windows(X: np.ndarray, shifts: int) -> np.ndarray:
    """All shifts of the rows `(n, d)`, each read as a square image, by up to `shifts` pixels.

    A view `(n, 1 + 2 shifts, 1 + 2 shifts, side, side)` of the images with a margin of zeros:
    [i, shifts, shifts] is image i itself, [i, 0, shifts] has moved down by `shifts` rows.
    Raises PlaygroundError if d is not a square number.

    >>> image_windows(np.array([[1, 2, 3, 4]]), 1)[0, 0, 1]
    array([[0, 0],
           [1, 2]])
    """
    images = _squares(X, "shifts")
    margin = (shifts, shifts)
    padded = np.pad(images, ((0, 0), margin, margin))
    return sliding_window_view(padded, images.shape[1:], axis=(1, 2))


def _squares(X: np.ndarray, setting: str) -> np.ndarray:
    side = math.isqrt(X.shape[1])
    if side * side != X.shape[1]:
        raise PlaygroundError(f"{setting} need square images, but a row has {X.shape[1]} numbers")
    return X.reshape(-1, side, side)
