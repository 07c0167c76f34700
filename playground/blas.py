"""Which networks gain from a second thread in the matrix products of a training."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import Any

from assignment.blas import one_thread

# Below either of them, two threads wait for each other longer than they compute: measured with
# OpenBLAS for products (batch, inputs) by (inputs, outputs) in float32, as `make bench` does.
LEAST_BATCH, LEAST_PRODUCT = 96, 10**7


def gains_from_threads(batch_size: int, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether a second thread shortens the steps of a network.

    `shapes` are those of one example's input and of each layer's output, as `Network.shapes`.
    """
    if any(len(shape) > 1 for shape in shapes):  # a convolution multiplies at every position
        return True
    largest = max(a[0] * b[0] for a, b in pairwise(shapes))
    return batch_size >= LEAST_BATCH and batch_size * largest >= LEAST_PRODUCT


def suitable_threads(
    batch_size: int, shapes: Sequence[tuple[int, ...]]
) -> AbstractContextManager[Any]:
    """A block in which BLAS has one thread, if the network's products are too small for more."""
    return nullcontext() if gains_from_threads(batch_size, shapes) else one_thread()
