"""Arrays aligned to cache lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

CACHE_LINE_BYTES = 64


def aligned_zeros(shape: int | tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array of zeros that starts at a cache line.

    NumPy's own large arrays start 16 bytes after one, so that every wide load touches two lines:
    passes over the parameters then take up to a third longer.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) if isinstance(shape, tuple) else shape
    memory = np.zeros(size * dtype.itemsize + CACHE_LINE_BYTES, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE_BYTES
    zeros: np.ndarray = memory[start : start + size * dtype.itemsize].view(dtype).reshape(shape)
    return zeros
