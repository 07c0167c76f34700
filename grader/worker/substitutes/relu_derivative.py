"""A right answer to 1.3."""

from __future__ import annotations

from typing import Any

import numpy as np


def _relu_derivative(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, np.ones_like(z), np.zeros_like(z))


def substitute(module: Any) -> None:
    """Replace the script's own."""
    module.relu_derivative = _relu_derivative
