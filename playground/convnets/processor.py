"""Where the arithmetic is done and how precisely: the device, bfloat16 where it pays, and memory that stays warm."""

from __future__ import annotations

import ctypes
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

import utils
from playground.errors import PlaygroundError


@dataclass(frozen=True)
class Processor:
    """A device, and whether convolutions and matrix products are done in bfloat16 there."""

    device: str
    half: bool

    def __str__(self) -> str:
        return f"{self.device} in {'bfloat16' if self.half else 'float32'}"

    def arithmetic(self) -> AbstractContextManager[Any]:
        """A context in which a network computes at this precision."""
        return torch.autocast(self.device, torch.bfloat16) if self.half else nullcontext()


def choose_processor(device: str, precision: str) -> Processor:
    """The processor asked for, `auto` the best that is here. Raises PlaygroundError for one that cannot be."""
    try:
        found = utils.choose_device(device)
    except ValueError as error:
        raise PlaygroundError(str(error)) from None
    keep_memory()
    if precision == "bfloat16" and found == "mps":
        raise PlaygroundError(
            "precision bfloat16 gains nothing on mps, expected float32 or auto there"
        )
    return Processor(
        found, half=precision == "bfloat16" or (precision == "auto" and gains_from_bfloat16(found))
    )


def gains_from_bfloat16(device: str) -> bool:
    """Whether the device multiplies bfloat16 numbers faster than float32: GPUs since 2020, CPUs with AVX512-BF16 or AMX."""
    if device == "cuda":
        return bool(torch.cuda.get_device_capability() >= (8, 0))
    can = (
        torch.cpu.get_capabilities()
        if device == "cpu" and hasattr(torch.cpu, "get_capabilities")
        else {}
    )
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h


@cache
def keep_memory() -> bool:
    """Has malloc keep freed memory for the next step's activations; True where that can be (Linux with glibc).

    Otherwise each large tensor is mapped anew, page by page, and given back when it is freed: a quarter of a step.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
