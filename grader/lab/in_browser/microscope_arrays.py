"""The arrays of one step of training, in the order in which they are computed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = Path(__file__).with_name("microscope_examples.json")
CONVENTIONS = ("sum", "mean")


@dataclass(frozen=True)
class Array:
    """One array: its section of part 1 ("" for what is given), symbol, formula and shape in words.

    `made_of` names the arrays that it is computed from.
    """

    name: str
    section: str
    symbol: str
    formula: str
    shape: str
    made_of: tuple[str, ...] = ()


# the formulas are those of README, part 1
ARRAYS = (
    Array("X", "", "X", "the images, one in each row", "(n, d)"),
    Array("W1", "", "W1", "the weights of the first layer", "(d, h)"),
    Array("b1", "", "b1", "the biases of the first layer", "(h,)"),
    Array("z1", "1.5", "z1", "z1 = X W1 + b1", "(n, h)", ("X", "W1", "b1")),
    Array("a1", "1.2", "a1", "a1 = relu(z1) = max(0, z1)", "(n, h)", ("z1",)),
    Array("W2", "", "W2", "the weights of the second layer", "(h, k)"),
    Array("b2", "", "b2", "the biases of the second layer", "(k,)"),
    Array("z2", "1.5", "z2", "z2 = a1 W2 + b2", "(n, k)", ("a1", "W2", "b2")),
    Array("a2", "1.5", "a2", "a2 = softmax(z2), row by row", "(n, k)", ("z2",)),
    Array("Y", "", "Y", "the true classes, one-hot", "(n, k)"),
    Array("loss", "1.4", "L", "L = -1/n Σ Y log a2", "one number", ("Y", "a2")),
    Array("dz2", "1.6", "dz2", "dz2 = a2 - Y", "(n, k)", ("a2", "Y")),
    Array("dW2", "1.6", "dW2", "dW2 = a1ᵀ dz2", "(h, k)", ("a1", "dz2")),
    Array("db2", "1.6", "db2", "db2 = Σᵢ dz2ᵢ, over the images", "(k,)", ("dz2",)),
    Array("da1", "1.6", "da1", "da1 = dz2 W2ᵀ", "(n, h)", ("dz2", "W2")),
    Array("gate", "1.3", "relu′(z1)", "relu′(z1) = 1 where z1 > 0, else 0", "(n, h)", ("z1",)),
    Array("dz1", "1.6", "dz1", "dz1 = da1 ⊙ relu′(z1)", "(n, h)", ("da1", "gate")),
    Array("dW1", "1.6", "dW1", "dW1 = Xᵀ dz1", "(d, h)", ("X", "dz1")),
    Array("db1", "1.6", "db1", "db1 = Σᵢ dz1ᵢ, over the images", "(h,)", ("dz1",)),
)
BY_NAME = {array.name: array for array in ARRAYS}
PARAMETERS = ("W1", "b1", "W2", "b2")
FORWARD = ("z1", "a1", "z2", "a2")
GRADIENTS = {"dW2": "W2", "db2": "b2", "dW1": "W1", "db1": "b1"}  # and the keys of backward
BETWEEN = ("dz2", "da1", "dz1")  # on the way to the gradients
BACKWARD = ("dz2", "dW2", "db2", "da1", "gate", "dz1", "dW1", "db1")


@dataclass(frozen=True)
class Example:
    """A public example: a network, a batch, and the arrays that are right for it.

    `expected` has the gradients summed over the batch. `before` are batches that come first.
    """

    name: str
    title: str
    why: str
    parameters: dict[str, np.ndarray]
    before: tuple[tuple[np.ndarray, np.ndarray], ...]
    X: np.ndarray
    Y: np.ndarray
    expected: dict[str, np.ndarray]

    @property
    def n(self) -> int:
        """The number of images."""
        return len(self.X)

    def right(self, name: str, convention: str = "sum") -> np.ndarray:
        """An array as it should be, in a convention."""
        given = {"X": self.X, "Y": self.Y, **self.parameters}
        if name in given:
            return given[name]
        scales = convention == "mean" and name in BACKWARD and name != "gate"
        return self.expected[name] / (self.n if scales else 1)


@cache
def examples() -> tuple[Example, ...]:
    """The examples of microscope_examples.json, the ordinary one first."""
    return tuple(map(_example, json.loads(EXAMPLES.read_text(encoding="utf-8"))))


def _example(entry: dict[str, Any]) -> Example:
    return Example(
        entry["name"],
        entry["title"],
        entry["why"],
        _arrays(entry["parameters"]),
        tuple((_array(batch["X"]), _array(batch["Y"])) for batch in entry["before"]),
        _array(entry["X"]),
        _array(entry["Y"]),
        _arrays(entry["expected"]),
    )


def _arrays(entry: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: _array(value) for name, value in entry.items()}


def _array(value: Any) -> np.ndarray:
    return np.array(value, np.float64)
