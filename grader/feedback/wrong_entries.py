"""Find the wrong entries of the four gradients, for the report. Nothing here affects a mark."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.handles import Module
from grader.oracle.gradients import NAMES, away_from_kinks
from grader.oracle.networks import network_at
from grader.results import ComparedArray

SIZE = (5, 6, 4, 3)  # n, d, h, k of the gradients compared: small enough to look at
CLOSE = 1e-4  # of the largest element


def compare_gradients(module: Module, rng: np.random.Generator) -> tuple[ComparedArray, ...]:
    """Which entries of the four gradients are wrong for a small batch; empty without arrays.

    Of the two conventions, sum and mean, the one with fewer wrong entries counts, for each array
    separately.
    """
    point = away_from_kinks(rng, *SIZE)
    try:
        net = network_at(module, point)
        net.forward(point.X)
        answer = net.backward(point.X, point.Y)
    except Exception:  # answers can be of any kind: the network may be a number
        return ()
    if not isinstance(answer, dict):
        return ()
    mean, n = point.gradients(), len(point.X)
    found = []
    for name in NAMES:
        either = [_compared(name, answer.get(name), factor * mean[name]) for factor in (1.0, n)]
        found.append(min(either, key=lambda compared: np.count_nonzero(compared.wrong)))
    return tuple(found)


def _compared(name: str, got: Any, expected: np.ndarray) -> ComparedArray:
    rows = np.atleast_2d(expected)
    if not isinstance(got, np.ndarray) or got.dtype.kind not in "fiub" or got.size != expected.size:
        return ComparedArray(name, tuple(tuple(True for _ in row) for row in rows))
    if np.atleast_2d(got).shape != rows.shape:
        return ComparedArray(name, tuple(tuple(True for _ in row) for row in rows))
    # negated, so that NaN is wrong too
    wrong = ~(np.abs(np.atleast_2d(got) - rows) <= CLOSE * np.abs(expected).max())
    return ComparedArray(name, tuple(tuple(bool(entry) for entry in row) for row in wrong))
