"""How the C library hands out memory to the arrays of a training."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h


@cache
def keep_memory() -> bool:
    """Lets malloc keep freed memory for the next step; True if supported (Linux with glibc).

    Otherwise each large array is mapped page by page and unmapped when freed, which takes a
    quarter of the time of a step of a CNN. The numbers that are computed stay the same.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
