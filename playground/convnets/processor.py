"""Device and arithmetic precision of the training."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

import utils
from assignment.memory import keep_memory
from playground.errors import PlaygroundError


@dataclass(frozen=True)
class Processor:
    """A device, and whether it computes convolutions and matrix products in bfloat16."""

    device: str
    half: bool

    def __str__(self) -> str:
        return f"{self.device} in {'bfloat16' if self.half else 'float32'}"

    def arithmetic(self) -> AbstractContextManager[Any]:
        """A context manager within which a network computes at this precision."""
        return torch.autocast(self.device, torch.bfloat16) if self.half else nullcontext()


def choose_processor(device: str, precision: str) -> Processor:
    """The requested processor, `auto`: the best one. Raises PlaygroundError if unavailable."""
    try:
        found = utils.choose_device(device)
    except ValueError as error:
        raise PlaygroundError(str(error)) from None
    keep_memory()
    if precision == "bfloat16" and found == "mps":
        raise PlaygroundError("precision bfloat16 is not faster on mps, expected float32 or auto")
    return Processor(
        found, half=precision == "bfloat16" or (precision == "auto" and gains_from_bfloat16(found))
    )


def gains_from_bfloat16(device: str) -> bool:
    """Whether the device multiplies bfloat16 faster than float32.

    True for GPUs since 2020 and CPUs with AVX512-BF16 or AMX.
    """
    if device == "cuda":
        return bool(torch.cuda.get_device_capability() >= (8, 0))
    can = (
        torch.cpu.get_capabilities()
        if device == "cpu" and hasattr(torch.cpu, "get_capabilities")
        else {}
    )
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))
