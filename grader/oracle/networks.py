"""The same network at a given point: the student's in its worker, and the reference here."""

from __future__ import annotations

import numpy as np

from assignment.handles import Handle, Module
from grader.oracle.gradients import NAMES, Point
from grader.reference import numpy_ann as reference


def network_at(module: Module, point: Point, dtype: type = np.float64) -> Handle:
    """The student's network with the parameters of a point."""
    d, h = point.W1.shape
    net: Handle = module.NumpyANN(input_size=d, hidden_size=h, output_size=len(point.b2), seed=1)
    for name in NAMES:
        setattr(net, name, getattr(point, name).astype(dtype))
    return net


def reference_at(point: Point, X: np.ndarray) -> reference.NumpyANN:
    """The reference network with the parameters of a point, after a forward pass on X."""
    twin = reference.NumpyANN(len(point.W1), len(point.b1), len(point.b2))
    for name in NAMES:
        setattr(twin, name, getattr(point, name))
    twin.forward(X)
    return twin
