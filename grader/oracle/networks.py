"""The same network on both sides: the student's in its worker, and the reference's here, at a point of our choice."""

from __future__ import annotations

import numpy as np

from grader.oracle.gradients import NAMES, Point
from grader.reference import numpy_ann as reference
from grader.sandbox.remote import Module, Remote


def network_at(module: Module, point: Point, dtype: type = np.float64) -> Remote:
    """The student's network with a point's parameters."""
    d, h = point.W1.shape
    net: Remote = module.NumpyANN(input_size=d, hidden_size=h, output_size=len(point.b2), seed=1)
    for name in NAMES:
        setattr(net, name, getattr(point, name).astype(dtype))
    return net


def reference_at(point: Point, X: np.ndarray) -> reference.NumpyANN:
    """The reference with a point's parameters, after a forward pass."""
    twin = reference.NumpyANN(len(point.W1), len(point.b1), len(point.b2))
    for name in NAMES:
        setattr(twin, name, getattr(point, name))
    twin.forward(X)
    return twin
