"""The wrong entries of an array, as a small matrix that can be drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MAX_SHOWN = 12  # rows and columns
MAX_VALUES = 48  # entries of an array whose values are shown too


@dataclass(frozen=True)
class Entries:
    """A part of an array, as a matrix of at most MAX_SHOWN rows and columns.

    `wrong` says of each entry whether it is wrong. `shape` is that of the whole array; the matrix
    begins at row and column `origin` of it, all axes but the last counting as rows. `got` and
    `expected` are the values if the whole array is small, else None.
    """

    wrong: np.ndarray
    shape: tuple[int, ...]
    origin: tuple[int, int] = (0, 0)
    got: np.ndarray | None = None
    expected: np.ndarray | None = None


def entries(
    wrong: np.ndarray, got: np.ndarray | None = None, expected: np.ndarray | None = None
) -> Entries:
    """The part of an array that holds its first wrong entry; `wrong` has the array's shape."""
    rows = _rows(wrong)
    first = np.argwhere(rows)
    place = first[0] if len(first) else (0, 0)
    top, left = (
        max(0, min(int(at) - MAX_SHOWN // 2, length - MAX_SHOWN))
        for at, length in zip(place, rows.shape, strict=True)
    )
    part = slice(top, top + MAX_SHOWN), slice(left, left + MAX_SHOWN)
    small = rows.size <= MAX_VALUES and rows[part].size == rows.size
    values = [_rows(array) if small and array is not None else None for array in (got, expected)]
    return Entries(rows[part], wrong.shape, (top, left), *values)


def _rows(array: np.ndarray) -> np.ndarray:
    """The array as a matrix: its last axis are the columns, all others the rows."""
    return array.reshape(math.prod(array.shape[:-1]), *(array.shape[-1:] or (1,)))
