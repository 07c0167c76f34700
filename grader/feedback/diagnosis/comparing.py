"""Compare answers with predictions, in float64, to 1e-5 of the largest value.

Right answers in float32 are that close, and different formulas are far apart on random inputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

Diagnosis = tuple[str, ...]


def close(answer: Any, prediction: Any) -> bool:
    """Whether an answer has the shape and values of a prediction; a bias may be a row vector."""
    if not isinstance(answer, np.ndarray | np.generic) or answer.dtype.kind not in "fiub":
        return False
    answer, expected = np.asarray(answer, np.float64), np.asarray(prediction, np.float64)
    if answer.shape == (1, *expected.shape):
        answer = answer[0]
    if answer.shape != expected.shape or not np.isfinite(answer).all():
        return False
    largest = np.abs(expected).max(initial=1e-12)
    return bool(np.abs(answer - expected).max(initial=0) <= 1e-5 * largest)


def fewest(fitting: Iterable[Diagnosis]) -> Diagnosis | None:
    """The explanation with the fewest mistakes, each named once; None if there is none."""
    return min((tuple(dict.fromkeys(ids)) for ids in fitting), key=len, default=None)
