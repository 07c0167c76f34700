"""Labels as predict returns them: `expect_labels`."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.expect import RETURN_MISSING
from assignment.failure import CheckFailed
from assignment.handles import a_type, as_array


def expect_labels(value: Any, n: int) -> np.ndarray:
    """The labels as `(n,)` int64.

    Raises CheckFailed unless they are whole numbers in an array or tensor.
    """
    labels = as_array(value)
    if not isinstance(labels, np.ndarray):
        raise CheckFailed(
            f"predict returned {a_type(value)}",
            f"labels of shape ({n},)",
            kind="wrong-type",
            hint=RETURN_MISSING if value is None else "",
        )
    if labels.shape != (n,):
        hint = (
            "one label for each image, in a row: argmax without keepdim, or squeeze(1)."
            if labels.shape == (n, 1)
            else "the index of the largest value of each row, argmax over the classes."
            if labels.ndim == 2
            else "one label for each image, in a row."
        )
        raise CheckFailed(
            f"predict returned shape {labels.shape} for {n} image{'s' if n > 1 else ''}",
            f"({n},)",
            kind="wrong-shape",
            hint=hint,
        )
    if (
        labels.dtype.kind not in "iuf"
        or not np.isfinite(labels).all()
        or (labels != np.floor(labels)).any()
    ):
        raise CheckFailed(
            f"predict returned {labels.dtype} values that are not labels",
            "whole numbers from 0 to 9",
            kind="wrong-type",
        )
    return labels.astype(np.int64)
