"""Answers of a script as values that can be compared, wherever the script runs.

Arrays, numbers, text and containers stand for themselves, a tensor becomes a Tensor, and any other
object an Opaque, which refers to it by a number. The workers of marking send them through a pipe; the
students' own check makes them in its process.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

CAUSE = "marking_cause"  # attribute of an exception that an observation knows the cause of

# how NumPy reports floating-point errors, whatever np.seterr a script has left behind
NUMPY_DEFAULTS: dict[str, Any] = {
    "divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """The content of a torch tensor, for code without torch."""

    array: np.ndarray
    requires_grad: bool = False


@dataclass(frozen=True)
class Opaque:
    """Any other object: its type's name and, in `ref`, a number to refer to it."""

    type_name: str
    ref: int | None = None
    callable: bool = False
    number: float | None = None  # its float(), if it has one


class Objects:
    """The objects that answers refer to, by number."""

    def __init__(self) -> None:
        self.held: list[Any] = []
        self._numbers: dict[int, int] = {}  # id of an object -> its number

    def __getitem__(self, ref: int) -> Any:
        return self.held[ref]

    def describe(self, value: Any) -> Any:
        """A tensor as a Tensor, an array in float64 where needed, anything else as an Opaque."""
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            content = value.detach().cpu()
            return Tensor(
                (content.float() if content.dtype == torch.bfloat16 else content).numpy(),
                value.requires_grad,
            )
        if isinstance(value, np.ndarray | np.generic) and value.dtype == np.longdouble:
            return np.asarray(value, np.float64)
        if isinstance(value, np.ndarray):
            return Opaque(of_array(value.dtype), number=_number(value))
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self.held)
            self.held.append(value)
        return Opaque(
            type(value).__name__, self._numbers[id(value)], callable(value), _number(value)
        )

    def local(self, value: Any) -> Any:
        """A value as the script takes it: a Tensor as a tensor, an Opaque as its object."""
        if isinstance(value, Tensor):
            import torch

            return torch.from_numpy(value.array)
        if isinstance(value, Opaque) and value.ref is not None:
            return self.held[value.ref]
        if isinstance(value, list | tuple):
            return type(value)(self.local(item) for item in value)
        return value


DEEPEST = 50  # containers in each other that are searched: deeper ones would exhaust the stack


def set_attribute(holder: Any, name: str, value: Any) -> None:
    """Set an attribute, also where the holder keeps the array that it had under other names.

    After `self.params = {"W1": self.W1}`, a new W1 is in params too: the given `update` changes
    arrays in place, so such a network trains as any other does.
    """
    old = getattr(holder, name, None) if isinstance(value, np.ndarray) else None
    if isinstance(old, np.ndarray):
        _replace(holder, old, value, type(holder).__module__, set())
    try:
        setattr(holder, name, value)
    except AttributeError:  # a property that reads params, for example, and has no setter
        if getattr(holder, name, None) is not value:
            raise


def _replace(
    held: Any, old: np.ndarray, new: np.ndarray, script: str, seen: set[int], depth: int = 0
) -> Any:
    """What is held, with `new` in place of `old`, also in containers and in the script's objects."""
    if held is old:
        return new
    if id(held) in seen or depth > DEEPEST:
        return held
    seen.add(id(held))
    if type(held) is tuple:
        parts = tuple(_replace(one, old, new, script, seen, depth + 1) for one in held)
        changed = any(part is not one for part, one in zip(parts, held, strict=True))
        return parts if changed else held
    if isinstance(held, list | dict):
        for key, one in list(held.items() if isinstance(held, dict) else enumerate(held)):
            replaced = _replace(one, old, new, script, seen, depth + 1)
            if replaced is not one:
                held[key] = replaced
    elif type(held).__module__ == script or isinstance(held, SimpleNamespace):
        _replace(getattr(held, "__dict__", None), old, new, script, seen, depth + 1)
    return held


def of_array(dtype: np.dtype[Any]) -> str:
    """What an array of this dtype is called where it holds no numbers.

    >>> of_array(np.dtype("U7")), of_array(np.dtype([("PASSED", "f4")]))
    ('array of dtype str', 'array of dtype void')
    """
    plain = {"U": "str", "S": "bytes", "V": "void"}
    return f"array of dtype {plain.get(dtype.kind, dtype.name)}"


def _number(value: Any) -> float | None:
    """The `float()` of an object, None where it has none. Text has none, whatever it says."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "SU":
        return None
    try:
        return float(value) if hasattr(value, "__float__") else None
    except BaseException:
        return None
