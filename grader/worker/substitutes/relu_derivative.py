"""A right 1.3."""

from __future__ import annotations

from typing import Any

import numpy as np


def _relu_derivative(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, np.ones_like(z), np.zeros_like(z))


def substitute(module: Any) -> None:
    """Put it in place of the script's own."""
    module.relu_derivative = _relu_derivative
