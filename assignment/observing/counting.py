"""How often a training calls the methods that it is made of, and what a backward pass uses.

Imports no torch, since part 1 has none. Code that is written for it could change the counts, so they
are for notes only and decide no mark.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import numpy as np


@dataclass
class Count:
    """Calls of a method, rows of its first argument, and rows without repeated batches."""

    calls: int = 0
    rows: int = 0
    distinct: int = 0
    seen: set[float] = field(default_factory=set)

    def add(self, arguments: tuple[Any, ...]) -> None:
        """Count one call."""
        self.calls += 1
        if arguments and hasattr(arguments[0], "shape"):
            rows, total = len(arguments[0]), float(arguments[0].sum())
            self.rows += rows
            if total not in self.seen:
                self.seen.add(total)
                self.distinct += rows


class Watched:
    """Methods of an object's class that count their calls until `ended`.

    One that the object has for itself, or that is no plain function, is left out.
    """

    def __init__(self, model: Any, names: Iterable[str]):
        self.counts: dict[str, Count] = {}
        self._originals: list[tuple[type, str, Any]] = []
        for name in names:
            owner = next((cls for cls in type(model).__mro__ if name in vars(cls)), object)
            original = vars(owner).get(name)
            if isinstance(original, FunctionType) and name not in getattr(model, "__dict__", {}):
                self._originals.append((owner, name, original))
                self.counts[name] = Count()
                setattr(owner, name, _counting(original, self.counts[name]))

    def ended(self) -> dict[str, list[int]]:
        """Calls, rows and distinct rows of each method, which is as it was again."""
        for owner, name, original in self._originals:
            setattr(owner, name, original)
        self._originals = []
        return {name: [c.calls, c.rows, c.distinct] for name, c in self.counts.items()}


def _counting(original: Callable[..., Any], count: Count) -> Callable[..., Any]:
    @functools.wraps(original)
    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):  # of an argument that has no sum
            count.add(args or tuple(kwargs.values()))
        return original(self, *args, **kwargs)

    # torch.compile must not trace the counting; it compiles what is called inside
    counted._torchdynamo_disable = True  # type: ignore[attr-defined]
    return counted


class Weights(np.ndarray):
    """Weights that count the products with them, however they were copied."""

    products = 0
    is_complex = False

    def __array_finalize__(self, other: Any) -> None:
        if self.dtype.kind == "c":
            Weights.is_complex = True

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """The ufunc's result on plain arrays; as Weights if it has their shape."""
        if ufunc is np.matmul:
            Weights.products += 1
        out = kwargs.get("out")
        if out is not None:
            kwargs["out"] = tuple(_plain(array) for array in out)
        result = getattr(ufunc, method)(*(_plain(value) for value in inputs), **kwargs)
        if out is not None:
            return out[0]
        same = isinstance(result, np.ndarray) and result.shape == self.shape
        return result.view(Weights) if same else result

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """The function's result on plain arrays, or on these, for those that copy."""
        if function in (np.dot, np.einsum, np.tensordot, np.inner, np.vdot):
            Weights.products += 1
            return function(*(_plain(value) for value in args), **kwargs)
        return super().__array_function__(function, types, args, kwargs)

    def dot(self, other: Any, out: Any = None) -> Any:
        """The product, counted."""
        Weights.products += 1
        return _plain(self).dot(other)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Weights) else value


def uses_of_backward(net: Any, X: Any, Y: Any, folder: Path) -> dict[str, Any]:
    """Calls of the script's functions, products with W1, and complex numbers in a backward pass."""
    net.forward(X)
    Weights.products, Weights.is_complex = 0, False
    net.W1 = np.asarray(net.W1).view(Weights)
    calls = 0

    def profile(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        code = frame.f_code
        # generators and comprehensions, whose names are like <genexpr>, are loops and no calls
        if event == "call" and not code.co_name.startswith("<"):
            calls += Path(code.co_filename).parent == folder

    sys.setprofile(profile)
    try:
        net.backward(X, Y)
    finally:
        sys.setprofile(None)
    return {"calls": calls, "products": Weights.products, "complex": Weights.is_complex}
