"""The trained network as the page shows it."""

from __future__ import annotations

from typing import Any

import numpy as np

PIXELS, CLASSES = 784, 10
MAX_UNITS = 4096  # as in inspection/network.py
ARRAYS = ("W1", "b1", "W2", "b2")


def shown_network(model: Any) -> dict[str, Any]:
    """The sizes `[784, h, 10]`, and four arrays as bytes of float32.

    Raises ValueError, with what was expected, if the model has no such arrays.
    """
    arrays = {name: _array(model, name) for name in ARRAYS}
    shape = arrays["W1"].shape
    h = shape[1] if len(shape) == 2 else 0
    if not 1 <= h <= MAX_UNITS:
        raise ValueError(
            f"self.W1 has shape {shape}, expected (784, h), with h from 1 to {MAX_UNITS}"
        )
    expected = {"W1": (PIXELS, h), "b1": (h,), "W2": (h, CLASSES), "b2": (CLASSES,)}
    found: dict[str, Any] = {"sizes": [PIXELS, h, CLASSES]}
    for name, array in arrays.items():
        wanted = expected[name]
        if array.shape not in (wanted, (1, *wanted)):
            raise ValueError(f"self.{name} has shape {array.shape}, expected {wanted}")
        with np.errstate(all="ignore"):
            single = np.ravel(array).astype("<f4")
        if not np.isfinite(single).all():
            raise ValueError(f"self.{name} has numbers that are not finite, or too large")
        found[name] = single.tobytes()
    return found


def _array(model: Any, name: str) -> np.ndarray:
    value = getattr(model, name, None)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise ValueError(f"self.{name} is no array of numbers")
    return value
