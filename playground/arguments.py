"""Checks of arrays given to the library, made once at each entry point, before anything is computed.

Each raises PlaygroundError with what was found and what was expected, named as the caller names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from playground.errors import PlaygroundError

SMALLEST_IMAGE = 16 * 16  # rows this long, if square, can be images
BRIGHT = 128  # pixels from 0 to 255 exceed this; counts and other small whole numbers seldom do


def check_images(X: Any, inputs: int, *, name: str = "X", dtype: Any = np.float32) -> None:
    """Raises PlaygroundError unless `X` is `(n, inputs)`: uint8 pixels or finite numbers.

    Rows that look like images must not hold 0 to 255 in another type than uint8: such pixels would
    not be scaled.
    """
    check_numbers(X, inputs, name=name, dtype=dtype)
    if X.dtype != np.uint8 and look_like_pixels(X):
        raise PlaygroundError(
            f"{name} holds numbers from {X.min():g} to {X.max():g} as {X.dtype}, expected numbers of "
            f"about -1 to 1, or pixels as uint8, which a Network scales: {name} / 255"
        )


def look_like_pixels(X: np.ndarray) -> bool:
    """Whether the rows of `X (n, d)` are as long as images and hold 0 to 255."""
    d = X.shape[1]
    can_be_images = d >= SMALLEST_IMAGE and math.isqrt(d) ** 2 == d
    return bool(can_be_images and X.size and X.min() >= 0 and BRIGHT < X.max() <= 255)


def check_numbers(X: Any, inputs: int, *, name: str = "X", dtype: Any = np.float32) -> None:
    """Raises PlaygroundError unless `X` is `(n, inputs)` of numbers that are finite in `dtype`."""
    _check_array(X, name)
    if X.ndim != 2 or X.shape[1] != inputs:
        raise PlaygroundError(
            f"{name} has shape {X.shape}, expected (n, {inputs}): one row per image"
        )
    if X.dtype == np.uint8:
        return
    if X.dtype.kind not in "biuf":
        raise PlaygroundError(f"{name} has type {X.dtype}, expected uint8 pixels or floats")
    if not X.size:
        return
    low, high = float(X.min()), float(X.max())  # NaN if any value is
    if not max(-low, high) <= float(np.finfo(dtype).max):
        _refuse_not_finite(X, name, dtype)


def check_pixels(X: Any, *, name: str = "X", side: int = 28) -> None:
    """Raises PlaygroundError unless `X` is `(n, side²)` uint8 pixels."""
    _check_array(X, name)
    if X.ndim != 2 or X.shape[1] != side * side or X.dtype != np.uint8:
        raise PlaygroundError(
            f"{name} has shape {X.shape} and type {X.dtype}, expected (n, {side * side}) uint8 "
            "pixels from 0 to 255"
        )


def check_labels(y: Any, n: int, classes: int, *, name: str = "y") -> None:
    """Raises PlaygroundError unless `y` is `(n,)`: at least one label, all from 0 to classes - 1.

    >>> check_labels(np.array([3, 10]), 2, 10, name="y_train")
    Traceback (most recent call last):
    playground.errors.PlaygroundError: y_train[1] is label 10, expected 0 to 9
    """
    _check_array(y, name)
    if y.ndim != 1 or y.dtype.kind not in "iu":
        one_hot = f": {name}.argmax(axis=1) turns one-hot rows into labels" if y.ndim == 2 else ""
        raise PlaygroundError(
            f"{name} has shape {y.shape} and type {y.dtype}, expected ({n},) integer labels{one_hot}"
        )
    if len(y) != n:
        raise PlaygroundError(f"{name} has {len(y)} labels, expected {n}, one per image")
    if not n:
        raise PlaygroundError(f"{name} holds no labels, expected at least one image")
    if y.min() < 0 or y.max() >= classes:
        row = int(np.flatnonzero((y < 0) | (y >= classes))[0])
        raise PlaygroundError(f"{name}[{row}] is label {y[row]}, expected 0 to {classes - 1}")


def check_training_data(
    X_train: Any, y_train: Any, X_val: Any, y_val: Any, classes: int, check_X: Callable[..., None]
) -> tuple[np.ndarray, np.ndarray] | None:
    """The validation images and labels, or None if there are none; `check_X(X, name=…)` checks X.

    Raises PlaygroundError if images and labels are not a pair that can be trained on.
    """
    check_X(X_train, name="X_train")
    check_labels(y_train, len(X_train), classes, name="y_train")
    if (X_val is None) != (y_val is None):
        missing, given = ("X_val", "y_val") if X_val is None else ("y_val", "X_val")
        raise PlaygroundError(f"{missing} is missing, expected {missing} together with {given}")
    if X_val is None or (_is_empty(X_val) and _is_empty(y_val)):
        return None
    check_X(X_val, name="X_val")
    check_labels(y_val, len(X_val), classes, name="y_val")
    return X_val, y_val


def _check_array(array: Any, name: str) -> None:
    if not isinstance(array, np.ndarray):
        raise PlaygroundError(
            f"{name} is a {type(array).__name__}, expected a NumPy array: np.asarray({name})"
        )
    if isinstance(array, np.ma.MaskedArray):  # its mask would be ignored
        raise PlaygroundError(f"{name} is a masked array, expected one without: {name}.filled(0)")


def _is_empty(array: Any) -> bool:
    return isinstance(array, np.ndarray) and not len(array)


def _refuse_not_finite(X: np.ndarray, name: str, dtype: Any) -> None:
    bad = ~(np.abs(X.astype(np.float64)) <= float(np.finfo(dtype).max))
    row, column = (int(place[0]) for place in np.nonzero(bad))
    raise PlaygroundError(
        f"{name}[{row}, {column}] is {X[row, column]}, expected finite numbers of {np.dtype(dtype)} "
        f"({int(bad.any(axis=1).sum())} of {len(X)} rows hold such values)"
    )
