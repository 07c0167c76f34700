"""The same network at a given point: the student's in its worker, and the reference here."""

from __future__ import annotations

import numpy as np

from assignment.checks.numpy.cases import NAMES, network_with
from assignment.handles import Handle, Module
from grader.oracle.gradients import Point
from grader.reference import numpy_ann as reference


def network_at(module: Module, point: Point, dtype: type = np.float64) -> Handle:
    """The student's network with the parameters of a point."""
    return network_with(module, parameters_of(point, dtype))


def parameters_of(point: Point, dtype: type = np.float64) -> dict[str, np.ndarray]:
    """The four parameters of a point, by name."""
    return {name: getattr(point, name).astype(dtype) for name in NAMES}


def reference_at(point: Point, X: np.ndarray) -> reference.NumpyANN:
    """The reference network with the parameters of a point, after a forward pass on X."""
    twin = reference.NumpyANN(len(point.W1), len(point.b1), len(point.b2))
    for name in NAMES:
        setattr(twin, name, getattr(point, name))
    twin.forward(X)
    return twin


def reference_gradients(point: Point) -> dict[str, np.ndarray]:
    """The gradients of the mean loss by the reference's formulas."""
    twin = reference_at(point, point.X)
    gradients = twin.backward(point.X, point.Y)
    return {name: gradient / len(point.X) for name, gradient in gradients.items()}
