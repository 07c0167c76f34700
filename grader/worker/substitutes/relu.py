"""A right answer to 1.2."""

from __future__ import annotations

from typing import Any

import numpy as np


def _relu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.zeros_like(z))


def substitute(module: Any) -> None:
    """Replace the script's own."""
    module.relu = _relu
