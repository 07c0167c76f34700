"""Where arrays begin in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

CACHE_LINE_BYTES = 64  # bytes of a cache line


def aligned_zeros(shape: int | tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that begin where a cache line does.

    NumPy's own large arrays begin 16 bytes later, and then every wide load touches two lines: passes over the
    parameters take up to a third longer.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) if isinstance(shape, tuple) else shape
    memory = np.zeros(size * dtype.itemsize + CACHE_LINE_BYTES, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE_BYTES
    zeros: np.ndarray = memory[start : start + size * dtype.itemsize].view(dtype).reshape(shape)
    return zeros
