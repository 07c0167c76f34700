"""A right answer to 1.5."""

from __future__ import annotations

from typing import Any

import numpy as np


def _forward(self: Any, X: np.ndarray) -> np.ndarray:
    self.z1 = X @ self.W1 + self.b1
    self.a1 = np.where(self.z1 > 0, self.z1, 0)
    self.z2 = self.a1 @ self.W2 + self.b2
    exponentials = np.exp(self.z2 - self.z2.max(axis=1, keepdims=True))
    a2: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    self.a2 = a2
    return a2


def substitute(module: Any) -> None:
    """Replace the script's own."""
    module.NumpyANN.forward = _forward
