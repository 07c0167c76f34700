"""The cases that part 1 is asked about: inputs and the answers expected, as data.

The public cases are in public_cases.json. Nothing here computes an answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from assignment.handles import Handle, Module, set_attributes

PUBLIC_CASES = Path(__file__).with_name("public_cases.json")
NAMES = ("W1", "b1", "W2", "b2")  # of the parameters, and of their gradients


@dataclass(frozen=True)
class Sizes:
    """Of a batch and its network: n images, d pixels, h hidden units, k classes."""

    n: int
    d: int
    h: int
    k: int

    @property
    def in_words(self) -> str:
        """As a question begins."""
        return f"{self.n} images of {self.d} pixels, {self.h} hidden units and {self.k} classes"


@dataclass(frozen=True)
class ArrayCase:
    """An array to give to softmax, relu or relu_derivative, and the array expected."""

    z: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True)
class LossCase:
    """A batch for cross_entropy. `sensitivity` is the change of the loss with what an answer adds
    to the probabilities."""

    y_true: np.ndarray
    y_pred: np.ndarray
    loss: float
    sensitivity: float


@dataclass(frozen=True)
class ForwardBatch:
    """Images, and the four steps expected."""

    X: np.ndarray
    z1: np.ndarray
    a1: np.ndarray
    z2: np.ndarray
    a2: np.ndarray


@dataclass(frozen=True)
class ForwardCase:
    """A network, and the batches that it sees one after the other.

    `large` says that the logits are too large for a plain exponential.
    """

    parameters: dict[str, np.ndarray]
    batches: tuple[ForwardBatch, ...]
    large: bool = False


@dataclass(frozen=True)
class BackwardBatch:
    """Images, one-hot targets and the gradients expected, those of the mean loss."""

    X: np.ndarray
    y_true: np.ndarray
    gradients: dict[str, np.ndarray]


@dataclass(frozen=True)
class BackwardCase:
    """A network, and the batches that it sees one after the other.

    `tolerance` is relative to the largest element of each gradient.
    """

    parameters: dict[str, np.ndarray]
    batches: tuple[BackwardBatch, ...]
    tolerance: float


@dataclass(frozen=True)
class Cases:
    """All cases of part 1."""

    softmax: tuple[ArrayCase, ...]
    relu: tuple[ArrayCase, ...]
    relu_derivative: tuple[ArrayCase, ...]
    cross_entropy: tuple[LossCase, ...]
    forward: tuple[ForwardCase, ...]
    backward: tuple[BackwardCase, ...]


@cache
def public_cases() -> Cases:
    """The public cases."""
    return decoded(json.loads(PUBLIC_CASES.read_text(encoding="utf-8")))


def decoded(content: dict[str, list[dict[str, Any]]]) -> Cases:
    """The cases in the content of public_cases.json."""
    return Cases(
        softmax=_array_cases(content["softmax"]),
        relu=_array_cases(content["relu"]),
        relu_derivative=_array_cases(content["relu_derivative"]),
        cross_entropy=tuple(LossCase(**_arrays(case)) for case in content["cross_entropy"]),
        forward=tuple(
            ForwardCase(
                _arrays(case["parameters"]),
                tuple(ForwardBatch(**_arrays(batch)) for batch in case["batches"]),
                case["large"],
            )
            for case in content["forward"]
        ),
        backward=tuple(
            BackwardCase(
                _arrays(case["parameters"]),
                tuple(BackwardBatch(**_arrays(batch)) for batch in case["batches"]),
                case["tolerance"],
            )
            for case in content["backward"]
        ),
    )


def _array_cases(entries: list[dict[str, Any]]) -> tuple[ArrayCase, ...]:
    return tuple(ArrayCase(**_arrays(entry)) for entry in entries)


def _arrays(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with its lists as arrays; "float32" names those in single precision."""
    single = entry.get("float32", ())
    return {
        name: np.array(value, np.float32 if name in single else np.float64)
        if isinstance(value, list)
        else _arrays(value)
        if isinstance(value, dict)
        else value
        for name, value in entry.items()
        if name != "float32"
    }


def network_with(module: Module, parameters: dict[str, np.ndarray]) -> Handle:
    """The student's network, with these parameters."""
    d, h = parameters["W1"].shape
    k = len(parameters["b2"])
    net: Handle = module.NumpyANN(input_size=d, hidden_size=h, output_size=k, seed=1)
    # copies, because a script may change them in place
    set_attributes(net, {name: parameters[name].copy() for name in NAMES})
    return net
