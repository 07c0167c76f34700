"""Seals the code of loaded libraries, so that its address space cannot become memory.

A worker's limit on address space counts the libraries of torch, with CUDA 2.5 GB, of which little
is ever read from disk. Unsealed, a worker could unmap them and take as much memory in their place,
or make them writable and so its own. mseal(2) forbids both; it came with Linux 6.10.
"""

from __future__ import annotations

import ctypes
import resource
from typing import Any

_MSEAL = 462  # the same number on every architecture
_LOAD, _RELRO, _WRITABLE = 1, 0x6474E552, 2  # elf.h: PT_LOAD, PT_GNU_RELRO, PF_W


class _Segment(ctypes.Structure):
    """Elf64_Phdr."""

    _fields_ = [
        ("type", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("offset", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("physical", ctypes.c_uint64),
        ("file_size", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("alignment", ctypes.c_uint64),
    ]


class _Library(ctypes.Structure):
    """The fields of dl_phdr_info that every C library has."""

    _fields_ = [
        ("base", ctypes.c_size_t),
        ("name", ctypes.c_char_p),
        ("segments", ctypes.POINTER(_Segment)),
        ("count", ctypes.c_uint16),
    ]


def seal_libraries(libc: Any) -> int:
    """The bytes of libraries that are sealed now; 0 on a kernel that cannot."""
    ranges: list[tuple[int, int]] = []

    def note(library: Any, _size: int, _data: None) -> int:
        found = library.contents
        ranges.extend(
            _pages(found.base + segment.address, segment.size)
            for segment in found.segments[: found.count]
            if segment.type == _RELRO or (segment.type == _LOAD and not segment.flags & _WRITABLE)
        )
        return 0

    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(_Library), ctypes.c_size_t, ctypes.c_void_p
    )
    libc.dl_iterate_phdr(kind(note), None)
    return sum(size for start, size in ranges if _seal(libc, start, size))


def _pages(start: int, size: int) -> tuple[int, int]:
    """The start and size of the pages that a range lies in."""
    page = resource.getpagesize()
    first = start - start % page
    return first, -(-(start + size - first) // page) * page


def _seal(libc: Any, start: int, size: int) -> bool:
    sealed = libc.syscall(
        ctypes.c_long(_MSEAL), ctypes.c_size_t(start), ctypes.c_size_t(size), ctypes.c_ulong(0)
    )
    return bool(sealed == 0)
